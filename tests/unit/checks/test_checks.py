from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sklearn.datasets import load_digits

from core.checks.dataset import Dataset
from core.checks.mislabelled import label_quality, suspects
from core.checks.probe import out_of_fold
from core.checks.registry import CHECKS, run_checks
from core.checks.result import Result
from tests.unit.checks.photographs import dataset_of, photograph


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    return [photograph(seed) for seed in range(60)]


def found(name: str, dataset: Dataset) -> Result:
    return CHECKS[name].function(dataset)


def recompressed(image: Image.Image) -> Image.Image:
    data = BytesIO()
    image.save(data, "JPEG", quality=40)
    return Image.open(data)


COPIES = {
    "smaller": lambda image: image.resize((90, 90)),
    "recompressed": recompressed,
    "cropped": lambda image: image.crop((4, 2, 156, 158)),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_and_nothing_else(photographs: list[Image.Image], kind: str):
    copies = [COPIES[kind](image) for image in photographs[:20]]
    result = found("near-duplicates", dataset_of(photographs + copies))
    assert sorted(result.sets) == [(row, 60 + row) for row in range(20)]
    assert sorted(result.repair.rows.tolist()) == list(range(60, 80))


def test_different_photographs_are_no_copies(photographs: list[Image.Image]):
    result = found("near-duplicates", dataset_of(photographs))
    assert not result.flags.any()
    assert "No picture" in result.summary


def test_blank_pages_are_not_called_copies():
    assert not found("near-duplicates", dataset_of([Image.new("RGB", (50, 50), "white")] * 3)).flags.any()


def test_pictures_of_one_fixed_scene_are_no_copies_of_each_other_but_their_copies_are(
    photographs: list[Image.Image],
):
    scenes = [photographs[0].copy() for _ in range(60)]
    for number, scene in enumerate(scenes):
        scene.paste(photographs[number].resize((30, 30)), (10 + 2 * number, 100 - number))
    copies = [recompressed(scene) for scene in scenes[:2]]
    alone = found("near-duplicates", dataset_of(scenes))
    assert not alone.flags.any()
    assert found("near-duplicates", dataset_of(scenes + copies)).sets == ((0, 60), (1, 61))


def test_the_same_file_twice_in_a_class_is_an_exact_copy(photographs: list[Image.Image]):
    dataset = dataset_of([photographs[0]] * 3 + photographs[1:3], digests=("a", "a", "a", "b", "c"))
    result = found("exact-duplicates", dataset)
    assert result.sets == ((0, 1, 2),)
    assert result.repair.rows.tolist() == [1, 2]
    assert "2 images are an exact duplicate" in result.summary


def test_the_same_picture_in_two_classes_is_a_conflict(photographs: list[Image.Image]):
    images = [*photographs[:5], photographs[0].resize((80, 80))]
    assert found("conflicting-labels", dataset_of(images, [0, 0, 0, 0, 0, 1])).sets == ((0, 5),)
    assert not found("conflicting-labels", dataset_of(images)).flags.any()


def test_neighbouring_frames_with_successive_names_are_a_burst(photographs: list[Image.Image]):
    frames = [photographs[0].crop((shift, 0, shift + 150, 150)) for shift in (0, 4, 8)]
    images = frames + photographs[1:4]
    names = ("IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", "IMG_4.jpg", "x.jpg", "y.jpg")
    assert found("bursts", dataset_of(images, names=names)).sets == ((0, 1, 2),)
    assert not found("bursts", dataset_of(images, names=tuple("abcdef"))).flags.any()


def test_copies_and_named_groups_stay_together(photographs: list[Image.Image]):
    images = [*photographs[:4], photographs[0].resize((80, 80))]
    numbers = dataset_of(images, groups=("", "p1", "", "p1", "")).group_ids
    assert numbers[0] == numbers[4]
    assert numbers[1] == numbers[3]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [("too-dark", "brightness", 0.01), ("too-bright", "brightness", 0.99), ("low-contrast", "contrast", 0.001)],
)
def test_pixels_that_show_nothing_are_flagged(photographs: list[Image.Image], name: str, column: str, value: float):
    dataset = dataset_of(photographs)
    assert not found(name, dataset).flags.any()
    odd = getattr(dataset, column).copy()
    odd[7] = value
    result = found(name, replace(dataset, **{column: odd}))
    assert result.worst().tolist() == [7]
    assert "1 image is" in result.summary


def test_one_blurred_image_among_sharp_ones_is_flagged(photographs: list[Image.Image]):
    sharpness = np.linspace(80, 120, 60)
    sharpness[3] = 1
    assert found("blurred", dataset_of(photographs, sharpness=sharpness)).worst().tolist() == [3]


def test_size_and_shape_are_judged_against_the_set(photographs: list[Image.Image]):
    small, long = photographs[0].resize((10, 10)), photographs[1].resize((160, 20))
    dataset = dataset_of([*photographs[2:10], small, long])
    assert found("tiny", dataset).worst().tolist() == [8, 9]
    assert found("tiny", dataset).summary == "2 images have less than 24 pixels on their shorter side."
    assert found("odd-aspect", dataset).worst().tolist() == [9]
    assert found("odd-aspect", dataset).summary.startswith("1 image is at least 3 times as long as wide, and")
    assert "or set it aside" in found("odd-aspect", dataset).summary
    assert not found("tiny", dataset_of([small] * 5)).flags.any()


def test_only_exact_duplicates_are_chosen_from_the_start(photographs: list[Image.Image]):
    small, long, dark = photographs[0].resize((10, 10)), photographs[1].resize((160, 20)), Image.new("RGB", (160, 160))
    images = [*photographs[2:10], photographs[2], small, long, dark, photographs[3].rotate(90)]
    sides = np.array([image.size for image in images])
    brightness = np.where(np.arange(len(images)) == 11, 0.0, 0.5)
    dataset = dataset_of(images, widths=sides[:, 0], heights=sides[:, 1], brightness=brightness)
    results = run_checks(replace(dataset, pairs=dataset.pairs._replace(identical=np.array([[0, 8]]))))
    offers = {name: result.repair for name, result in results.items() if result.repair is not None}
    assert {"exact-duplicates", "near-duplicates", "tiny", "odd-aspect", "too-dark"} <= offers.keys()
    assert [name for name, offer in offers.items() if offer.preselected] == ["exact-duplicates"]


def test_small_and_unequal_classes_are_named(photographs: list[Image.Image]):
    result = found("class-balance", dataset_of(photographs, [0] * 55 + [1] * 5))
    assert "bees (5)" in result.summary
    assert "11 times" in result.summary
    assert result.flags.sum() == 5


def test_of_many_small_classes_some_are_named(photographs: list[Image.Image]):
    classes = tuple(f"class {number}" for number in range(30))
    result = found("class-balance", dataset_of(photographs, [*range(30)] * 2, classes=classes))
    assert result.summary.startswith("These classes have fewer than 20 images: class 0 (2), class 1 (2),")
    assert "class 9 (2) and 20 more. Add more; until then" in result.summary


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return data.data[:900].astype(np.float32), data.target[:900].astype(np.int64)


def digit_dataset(features: np.ndarray, labels: np.ndarray, **changes: object) -> Dataset:
    blank = [Image.new("L", (8, 8))] * len(labels)
    classes = tuple(str(number) for number in range(10))
    return dataset_of(blank, labels.tolist(), features=features, classes=classes, **changes)


def test_swapped_labels_rank_first(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    random = np.random.default_rng(0)
    swapped = random.choice(900, 45, replace=False)
    wrong = labels.copy()
    wrong[swapped] = (wrong[swapped] + random.integers(1, 10, 45)) % 10
    result = found("mislabelled", digit_dataset(features, wrong))
    tenth = np.argsort(result.scores)[:90]
    assert np.isin(swapped, tenth).mean() >= 0.9
    flagged = np.isin(result.repair.rows, swapped)
    assert flagged.mean() >= 0.5
    assert (result.repair.labels == labels[result.repair.rows])[flagged].mean() >= 0.8
    assert "half of such flags" in result.summary


def test_flags_of_a_network_that_knows_little_are_told_apart_from_wrong_labels(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    blurred = features + np.random.default_rng(0).normal(0, 14, features.shape).astype(np.float32)
    result = found("mislabelled", digit_dataset(blurred, labels))
    assert "most of these are its own mistakes" in result.summary


def test_suspects_are_those_of_the_published_definition():
    # Northcutt et al. 2021, equation 1: the thresholds are 0.7 and 0.6, so only the third row is counted elsewhere.
    probabilities = np.array([[0.8, 0.2], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    assert suspects(probabilities, np.array([0, 0, 0, 1])).tolist() == [False, False, True, False]
    assert label_quality(probabilities, np.array([0, 0, 0, 1])) == pytest.approx([0.8, 0.9, 0.4, 0.6])


def test_a_probe_predicts_only_what_it_has_not_seen(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    probe = out_of_fold(features, labels, np.arange(900), 10)
    assert probe.predicted.all()
    assert probe.accuracy(labels) > 0.85
    assert np.allclose(probe.probabilities.sum(axis=1), 1)
    random_labels = np.random.default_rng(0).integers(0, 10, 900)
    assert out_of_fold(features, random_labels, np.arange(900), 10).accuracy(random_labels) < 0.2


def test_an_image_unlike_all_others_is_flagged(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits[0][:200].copy(), digits[1][:200]
    features[11] = np.random.default_rng(0).permutation(features[11])[::-1] * -1
    result = found("outliers", digit_dataset(features, labels))
    assert result.worst()[0] == 11
    assert result.flags.sum() <= 5


def test_outliers_of_a_large_set_are_found_by_a_sample(digits: tuple[np.ndarray, np.ndarray], monkeypatch):
    features, labels = digits[0].copy(), digits[1]
    features[11] = np.random.default_rng(0).permutation(features[11])[::-1] * -1
    whole = found("outliers", digit_dataset(features, labels))
    monkeypatch.setattr("core.checks.outliers.SAMPLE", 300)
    sampled = found("outliers", digit_dataset(features, labels))
    assert whole.worst()[0] == sampled.worst()[0] == 11
    assert np.corrcoef(whole.scores, sampled.scores)[0, 1] > 0.9


def test_classes_that_are_mixed_up_are_named(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    assert not found("class-overlap", digit_dataset(features, labels)).flags.any()
    mixed = labels.copy()
    ones = np.flatnonzero((labels == 1) | (labels == 7))
    mixed[ones] = np.random.default_rng(0).choice([1, 7], len(ones))
    assert "1 and 7" in found("class-overlap", digit_dataset(features, mixed)).summary


def test_a_border_that_gives_the_class_away_is_a_shortcut(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    nothing = np.random.default_rng(0).normal(size=features.shape).astype(np.float32)
    assert not found("shortcut", digit_dataset(features, labels, border_features=nothing)).flags.any()
    result = found("shortcut", digit_dataset(features, labels, border_features=features))
    assert result.flags.mean() > 0.8
    assert "border alone gives the class away" in result.summary


def test_a_border_that_gives_one_class_away_is_a_shortcut_of_that_class(digits: tuple[np.ndarray, np.ndarray]):
    features, labels = digits
    border = np.random.default_rng(0).normal(size=features.shape).astype(np.float32)
    border[labels == 3] += 3
    result = found("shortcut", digit_dataset(features, labels, border_features=border))
    assert "border alone gives “3” away" in result.summary
    assert (labels[result.flags] == 3).all()
    assert result.flags.sum() >= 0.9 * (labels == 3).sum()


def test_files_of_two_sources_give_their_classes_away(photographs: list[Image.Image]):
    mixed = dataset_of(photographs, [row % 2 for row in range(60)])
    assert found("file-shortcut", mixed).summary == "All files have the same size and format."

    random = np.random.default_rng(0)
    sizes = {"widths": random.integers(300, 900, 60), "heights": random.integers(300, 900, 60)}
    assert not found("file-shortcut", replace(mixed, **sizes)).has_issue

    names = tuple(f"{row}.{('jpeg', 'PNG')[row % 2]}" for row in range(60))
    result = found("file-shortcut", replace(mixed, names=names))
    assert result.issue_of_dataset
    assert "give the class away: 100% correct without a pixel, 50% by" in result.summary
    first, second = mixed.classes[:2]
    assert f"(“{first}”: 30 of 30 are 160 by 160 JPEG; “{second}”: 30 of 30 are 160 by 160 PNG)" in result.summary


def test_one_class_of_another_camera_is_given_away_by_its_files(photographs: list[Image.Image]):
    dataset = dataset_of(photographs, [row % 3 for row in range(60)], classes=("oak", "ash", "elm"))
    widths = np.where(dataset.labels == 0, 640, 800 + np.arange(60) % 7)
    summary = found("file-shortcut", replace(dataset, widths=widths)).summary
    assert f"alone give “{dataset.classes[0]}” away" in summary


def test_a_few_files_give_nothing_away(photographs: list[Image.Image]):
    dataset = dataset_of(photographs[:8], [row % 2 for row in range(8)])
    assert not found("file-shortcut", replace(dataset, widths=np.arange(8) % 2 + 100)).has_issue


def test_checks_that_need_features_say_so_without(photographs: list[Image.Image]):
    results = run_checks(dataset_of(photographs))
    silent = {name for name, result in results.items() if "Not checked" in result.summary}
    assert silent == {name for name, check in CHECKS.items() if check.needs_features}


def test_every_check_gives_the_same_shape_also_for_one_image(photographs: list[Image.Image]):
    for result in run_checks(dataset_of(photographs[:1], features=np.ones((1, 4), np.float32))).values():
        assert result.scores.shape == result.flags.shape == (1,)
        assert result.summary


def test_checks_find_nothing_where_there_is_nothing():
    for result in run_checks(dataset_of([], classes=(), features=np.zeros((0, 4), np.float32))).values():
        assert not len(result.worst())


def test_columns_of_different_lengths_are_refused(photographs: list[Image.Image]):
    with pytest.raises(ValueError, match="different lengths"):
        dataset_of(photographs, groups=("",))


@pytest.mark.parametrize("blur", [1, 2])
def test_a_softer_copy_is_still_a_copy(photographs: list[Image.Image], blur: int):
    copy = photographs[0].filter(ImageFilter.GaussianBlur(blur))
    assert found("near-duplicates", dataset_of([*photographs, copy])).sets == ((0, 60),)


def test_images_without_a_class_are_looked_at_by_the_checks_that_need_none(photographs: list[Image.Image]):
    copies = [photographs[0].resize((80, 80)), photographs[5].resize((90, 90))]
    images = [*photographs[:6], *copies, photographs[9].resize((12, 12))]
    labels = [-1, 0, 1, -1, 0, 1, 1, -1, -1]  # the first picture again, in a class; the last copy in none
    dataset = dataset_of(images, labels, brightness=np.array([0.5, 0.01, 0.5, 0.02] + [0.5] * 5))
    results = run_checks(dataset)
    assert results["too-dark"].flags.tolist() == [False, True, False, True] + [False] * 5
    assert results["tiny"].flags.tolist() == [False] * 8 + [True]
    assert sorted(results["near-duplicates"].sets) == [(0, 6), (5, 7)]
    assert not results["conflicting-labels"].flags.any()
    assert results["class-balance"].flags.tolist() == [label >= 0 for label in labels]

    conflict = run_checks(dataset_of(images, [-1, 0, 0, -1, 0, 1, -1, 0, -1]))["conflicting-labels"]
    assert conflict.sets == ((5, 7),)
    assert conflict.repair.rows.tolist() == [5, 7]


def test_without_any_class_the_checks_that_need_one_say_so(photographs: list[Image.Image]):
    results = run_checks(dataset_of(photographs[:3], [-1] * 3))
    assert results["class-balance"].summary == "Not checked: no image has a class yet."
    assert results["near-duplicates"].summary.startswith("No picture")
