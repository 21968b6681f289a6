"""The search for duplicates among stored images: once for a set of images, whatever order or names they have."""

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.dataset import duplicates, near_duplicates
from core.dataset.duplicate_candidates import ring_descriptors
from core.dataset.duplicates import find_stored_duplicates
from core.dataset.same_picture import match_pictures
from core.intake.leaves import CLASSES, draw_leaf
from core.settings import Settings
from core.storage.arrays import ArrayStore
from core.storage.blobs import OriginalStore

SIDE = 224


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    """Leaves, the first of which is there a second time, turned."""
    leaves = [draw_leaf(CLASSES[number % len(CLASSES)], np.random.default_rng(number)) for number in range(12)]
    return [*leaves, leaves[0].transpose(Image.Transpose.ROTATE_90)]


@pytest.fixture
def store(tmp_path: Path) -> OriginalStore:
    return OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")


def keep(store: OriginalStore, picture: Image.Image, format_: str = "PNG") -> str:
    original, thumbnail = BytesIO(), BytesIO()
    picture.save(original, format_)
    picture.save(thumbnail, "JPEG", quality=82)
    digest = hashlib.sha256(original.getvalue()).hexdigest()
    store.path(digest).parent.mkdir(parents=True, exist_ok=True)
    store.path(digest).write_bytes(original.getvalue())
    store.put_thumbnail(digest, thumbnail.getvalue())
    return digest


def search(store: OriginalStore, digests: list[str], settings: Settings | None = None, **options):
    names = [f"{digest[:8]}.png" for digest in digests]
    return find_stored_duplicates(digests, names, [(SIDE, SIDE)] * len(digests), store, settings=settings, **options)


def joined(pairs) -> set[tuple[int, int]]:
    return set(map(tuple, pairs.tolist()))


def test_a_turned_picture_is_found_and_the_result_is_read_again(store, pictures, settings, monkeypatch):
    digests = [keep(store, picture) for picture in pictures]
    found = search(store, digests, settings)
    assert joined(found.same) == {(0, len(digests) - 1)}
    monkeypatch.setattr(duplicates, "find_duplicates", lambda *_, **__: pytest.fail("searched again"))
    again = search(store, digests, settings)
    assert [joined(pairs) for pairs in again] == [joined(pairs) for pairs in found]
    backwards = search(store, digests[::-1], settings)
    assert joined(backwards.same) == {(0, len(digests) - 1)}


def test_another_set_of_images_is_searched(store, pictures, settings):
    digests = [keep(store, picture) for picture in pictures]
    assert not len(search(store, digests[:-1], settings).same)
    assert len(search(store, digests, settings).same) == 1


def test_features_and_comparisons_of_known_images_are_not_computed_again(store, pictures, settings, monkeypatch):
    digests = [keep(store, picture) for picture in pictures]
    search(store, digests[:-1], settings)
    extracted, compared = [], []
    monkeypatch.setattr(near_duplicates, "ring_descriptors", lambda one: extracted.append(1) or ring_descriptors(one))
    monkeypatch.setattr(near_duplicates, "match_pictures", lambda *two: compared.append(1) or match_pictures(*two))
    found = search(store, digests, settings)
    n_compared = len(compared)
    assert len(extracted) == 1
    anew = search(store, digests)
    assert [joined(pairs) for pairs in found] == [joined(pairs) for pairs in anew]
    assert n_compared < (len(compared) - n_compared) / 2

    ArrayStore(settings.arrays, settings.cache_bytes).remove(digests[:3])
    for result in settings.duplicates.iterdir():
        result.unlink()
    extracted.clear()
    assert joined(search(store, digests, settings).same) == joined(found.same)
    assert len(extracted) == 3


def test_one_file_twice_and_one_picture_in_two_formats_are_identical(store, pictures, settings):
    digests = [keep(store, picture) for picture in pictures[:4]]
    digests += [digests[1], keep(store, pictures[2], "BMP")]
    found = search(store, digests, settings)
    assert joined(found.identical) == {(1, 4), (2, 5)}


def test_an_original_that_is_gone_is_identical_to_nothing_else(store, pictures):
    digests = [keep(store, pictures[0]), keep(store, pictures[0], "BMP")]
    store.path(digests[1]).unlink()
    assert joined(search(store, digests).identical) == set()


def test_a_search_that_was_stopped_is_not_kept(store, pictures, settings):
    digests = [keep(store, picture) for picture in pictures]
    search(store, digests, settings, should_stop=lambda: True)
    assert len(search(store, digests, settings).same) == 1


def test_a_damaged_result_is_searched_again(store, pictures, settings):
    digests = [keep(store, picture) for picture in pictures]
    search(store, digests, settings)
    (kept,) = settings.duplicates.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:50])
    assert len(search(store, digests, settings).same) == 1


def test_old_results_go(store, pictures, settings, monkeypatch):
    monkeypatch.setattr(duplicates, "CACHED_RESULTS", 2)
    digests = [keep(store, picture) for picture in pictures[:5]]
    for n in range(2, 6):
        search(store, digests[:n], settings)
    assert len(list(settings.duplicates.glob("*.npz"))) == 2
