"""Public sample sets: the published file or none, downloaded once, from a real server on this machine."""

import hashlib
import io
import tarfile
from dataclasses import replace

import pytest
from intake_files import accepted_and_rejected, picture, tarred, zipped
from PIL import Image
from web_server import serving

from core.errors import NetworkError
from core.intake import public
from core.intake.public import CIFAR_CLASSES, PUBLIC_SAMPLES, fetch_sample


@pytest.fixture
def answers():
    return {}


@pytest.fixture
def server(tmp_path_factory, answers):
    with serving(tmp_path_factory.mktemp("server"), answers) as running:
        yield running


@pytest.fixture
def published(server, answers):
    """A sample set of this name with other contents, as if they were the published ones."""

    def publish(name, data):
        answers["/set.tar.gz"] = data
        digest = hashlib.sha256(data).hexdigest()
        return replace(PUBLIC_SAMPLES[name], url=f"{server[0]}/set.tar.gz", size_bytes=len(data), sha256=digest)

    return publish


def flowers(tmp_path):
    return tarred(
        tmp_path / "a.tgz", {"flower_photos/daisy/1.png": picture(1), "flower_photos/roses/2.png": picture(2)}
    ).read_bytes()


def test_a_set_is_downloaded_once_and_accepted(tmp_path, store, server, published):
    sample, steps = published("flower_photos", flowers(tmp_path)), []
    for _ in range(2):
        path = fetch_sample(
            sample, tmp_path / "kept", tmp_path, context=server[1], on_progress=lambda *step: steps.append(step)
        )
    assert server[2] == ["/set.tar.gz"]
    assert steps == [(sample.size_bytes, sample.size_bytes)]
    accepted, _ = accepted_and_rejected(path, store)
    assert {one.label for one in accepted.values()} == {"daisy", "roses"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"something else", "what the server sent is not the published file"),
        (404, "the server answered with status 404"),
        (lambda handler: handler.reply(200, b"half", length=1000), "not the published file|broke off"),
    ],
)
def test_what_is_not_the_published_file_is_not_kept(tmp_path, server, published, answers, answer, why):
    sample = published("flower_photos", flowers(tmp_path))
    answers["/set.tar.gz"] = answer
    with pytest.raises(NetworkError, match=why) as error:
        fetch_sample(sample, tmp_path / "kept", tmp_path, context=server[1])
    assert error.value.hint == "Try again later, or use a sample set that works without a network."
    assert list((tmp_path / "kept").iterdir()) == []


def test_without_a_network_it_says_so(tmp_path, published):
    sample = replace(published("flower_photos", b"x"), url="https://nowhere.invalid/set.tar.gz")
    with pytest.raises(NetworkError, match="there is no network"):
        fetch_sample(sample, tmp_path / "kept", tmp_path)


def test_more_than_the_published_file_is_not_read(tmp_path, server, published, answers):
    sample = published("flower_photos", b"x" * 100)
    answers["/set.tar.gz"] = bytes(5 * public.CHUNK_BYTES)
    steps = []
    with pytest.raises(NetworkError):
        fetch_sample(sample, tmp_path, tmp_path, context=server[1], on_progress=lambda *step: steps.append(step))
    assert len(steps) < 3


def test_of_the_cats_and_dogs_the_first_are_accepted_and_damaged_ones_rejected(
    tmp_path, store, server, published, monkeypatch
):
    monkeypatch.setattr(public, "PETS_A_CLASS", 3)
    names = [f"PetImages/{label}/{number}.jpg" for label in ("Cat", "Dog") for number in range(4)]
    files = {name: picture(seed) for seed, name in enumerate(names)} | {"PetImages/Cat/1.jpg": b"", "readme.txt": b"x"}
    data = zipped(tmp_path / "pets.zip", files).read_bytes()
    path = fetch_sample(published("cats_and_dogs", data), tmp_path / "kept", tmp_path, context=server[1])
    accepted, rejected = accepted_and_rejected(path, store)
    assert {name: one.label for name, one in accepted.items()} == {
        "PetImages/Cat/0.jpg": "Cat",
        "PetImages/Cat/2.jpg": "Cat",
        "PetImages/Dog/0.jpg": "Dog",
        "PetImages/Dog/1.jpg": "Dog",
        "PetImages/Dog/2.jpg": "Dog",
    }
    assert list(rejected) == ["PetImages/Cat/1.jpg"]


def record(label, red, green, blue):
    return bytes([label]) + bytes([red]) * 1024 + bytes([green]) * 1024 + bytes([blue]) * 1024


def test_cifar_10_becomes_images_with_its_own_splits(tmp_path, store, server, published, monkeypatch):
    monkeypatch.setattr(public, "CIFAR_A_CLASS", {"train": 2, "test": 1})
    train = b"".join(record(3, 200, n, 0) for n in range(3)) + record(9, 0, 0, 250)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in (
            ("data_batch_1.bin", train),
            ("test_batch.bin", record(3, 1, 2, 3)),
            ("readme.html", b"x"),
        ):
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path = fetch_sample(published("cifar10", data.getvalue()), tmp_path / "kept", tmp_path, context=server[1])
    accepted, rejected = accepted_and_rejected(path, store)
    assert rejected == {}
    assert {(one.label, one.split, name.rpartition("/")[2]) for name, one in accepted.items()} == {
        ("cat", "train", "cat-0001.png"),
        ("cat", "train", "cat-0002.png"),
        ("cat", "test", "cat-0001.png"),
        ("truck", "train", "truck-0001.png"),
    }
    with Image.open(store.path(accepted["cifar-10/train/cat/cat-0002.png"].digest)) as image:
        assert (image.size, image.getpixel((31, 31))) == ((32, 32), (200, 1, 0))


def test_every_set_names_its_licence_source_and_hash():
    for sample in PUBLIC_SAMPLES.values():
        assert sample.licence
        assert sample.source
        assert sample.url.startswith("https://")
        assert len(sample.sha256) == 64
    assert PUBLIC_SAMPLES["cifar10"].classes == CIFAR_CLASSES
