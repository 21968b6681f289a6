"""Pictures of one event vote: by folder, or by the camera's pauses."""

import csv
from pathlib import Path

import numpy as np
import pytest

from core.use.event_votes import COLUMNS, find_events, write_events
from core.use.prediction_store import PredictionStore, StoredPrediction


def picture(file: str, share: float, time: str | None = None, camera: str = "X", **more) -> StoredPrediction:
    """A picture that is a cat with this probability, and else a dog."""
    (first, second) = ("cat", "dog") if share >= 0.5 else ("dog", "cat")
    return StoredPrediction(
        file, first, max(share, 1 - share), second, min(share, 1 - share), time=time, camera=camera, **more
    )


@pytest.fixture
def store(tmp_path: Path):
    with PredictionStore(tmp_path / "rows") as opened:
        yield opened


def events(store: PredictionStore, tmp_path: Path, kind) -> list[dict[str, str]]:
    text = write_events(store, tmp_path / "events.csv", kind, 0.6).read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    return list(csv.DictReader(text.splitlines()))


def test_a_folder_votes_by_the_mean_of_its_probabilities(store: PredictionStore, tmp_path: Path):
    store.add([picture("a/1.jpg", 0.45), picture("a/2.jpg", 0.45), picture("a/3.jpg", 0.9), picture("b/1.jpg", 0.1)])
    store.add([StoredPrediction("b/2.jpg", error="The file is empty.")])
    first, second = events(store, tmp_path, "folder")
    assert first == {
        "event": "a", "files": "3", "predicted_class": "cat", "confidence": "0.6", "second_class": "dog",
        "second_confidence": "0.4", "agreement": "0.333333", "needs_look": "false", "first_time": "", "last_time": "",
    }  # fmt: skip
    assert (second["event"], second["files"], second["predicted_class"]) == ("b", "1", "dog")


def test_a_pause_or_another_camera_begins_the_next_burst(store: PredictionStore):
    store.add(
        [
            picture("a/3.jpg", 0.9, "2026-05-01T08:02:10"),
            picture("a/1.jpg", 0.9, "2026-05-01T08:00:00"),
            picture("a/2.jpg", 0.9, "2026-05-01T08:01:00"),
            picture("a/4.jpg", 0.9, "2026-05-01T08:01:00", camera="Y"),
            picture("a/5.jpg", 0.9),
            picture("b/1.jpg", 0.9, "2026-05-01T08:01:00"),
        ]
    )
    found = [[one.file for one in event.pictures] for event in find_events(store, "burst")]
    assert sorted(found) == [["a/1.jpg", "a/2.jpg"], ["a/3.jpg"], ["a/4.jpg"], ["a/5.jpg"], ["b/1.jpg"]]


@pytest.mark.parametrize("kind", ["folder", "burst"])
def test_pictures_of_a_folder_vote_together_wherever_they_stand(store: PredictionStore, kind):
    names = ("a/1.jpg", "a/b/1.jpg", "a/2.jpg", "c/1.jpg", "a/b/2.jpg")
    store.add(picture(name, 0.9, "2026-05-01T08:00:00") for name in names)
    found = [[one.file for one in event.pictures] for event in find_events(store, kind)]
    assert found == [["a/1.jpg", "a/2.jpg"], ["a/b/1.jpg", "a/b/2.jpg"], ["c/1.jpg"]]


def test_pictures_unlike_all_training_images_take_no_part_beside_others(store: PredictionStore, tmp_path: Path):
    store.add([picture("a/1.jpg", 0.99, none_of_these=True), picture("a/2.jpg", 0.2)])
    store.add([picture("b/1.jpg", 0.99, none_of_these=True)])
    first, second = events(store, tmp_path, "folder")
    assert (first["predicted_class"], first["files"], first["needs_look"]) == ("dog", "2", "false")
    assert (second["predicted_class"], second["needs_look"]) == ("cat", "true")


def test_a_correction_is_certain(store: PredictionStore, tmp_path: Path):
    store.add([picture("a/1.jpg", 0.9), picture("a/2.jpg", 0.3)])
    store.correct(["a/1.jpg"], "cow")
    (event,) = events(store, tmp_path, "folder")
    assert (event["predicted_class"], event["confidence"]) == ("cow", "0.5")


def test_the_vote_is_at_least_as_accurate_as_the_picture(store: PredictionStore):
    """Clips of five noisy views: drawn probabilities, with seeds."""
    random = np.random.default_rng(0)
    for clip in range(60):
        shares = np.clip(0.62 + random.normal(0, 0.25, 5), 0.01, 0.99)
        store.add([picture(f"clip{clip}/{view}.jpg", share) for view, share in enumerate(shares.tolist())])
    frames = [one.predicted_class == "cat" for one in store.read()]
    clips = list(find_events(store, "folder"))
    voted = [clip.predicted_class == "cat" for clip in clips]
    assert np.mean(voted) >= np.mean(frames)


def test_an_event_whose_pictures_have_a_given_class_needs_no_look(store: PredictionStore):
    store.add([picture("a/1.jpg", 0.45), picture("a/2.jpg", 0.55)])
    (before,) = find_events(store, "folder")
    store.correct(["a/1.jpg", "a/2.jpg"], "cat")  # the second was predicted so, and keeps its probability
    (after,) = find_events(store, "folder")
    assert (before.needs_look(0.8), after.needs_look(0.8), after.confidence < 0.8) == (True, False, True)
