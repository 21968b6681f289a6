"""The same picture is found under every usual change, and different pictures that look alike are not joined."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.drawn_sets import draw_set
from benchmarks.duplicates import CHANGES
from core.dataset.near_duplicates import DuplicatePairs, find_duplicates
from tests.unit.checks.photographs import photograph

PHOTOGRAPHS = [photograph(seed).resize((224, 200)) for seed in range(12)]


def search(images: list[Image.Image]) -> DuplicatePairs:
    return find_duplicates(lambda row: np.asarray(images[row].convert("RGB")), len(images))


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_of_a_photograph_is_found_and_no_other_photograph_is_joined(change: str):
    random = np.random.default_rng(0)
    copies = [CHANGES[change](image, random) for image in PHOTOGRAPHS[:4]]
    assert search(PHOTOGRAPHS + copies).same.tolist() == [[row, 12 + row] for row in range(4)]


@pytest.mark.parametrize("name", ["red cells", "letters", "X-rays"])
def test_different_things_on_one_ground_are_not_the_same_picture(name: str):
    found = search(draw_set(name, 24))
    assert found.same.tolist() == []


def test_one_caption_under_different_pictures_joins_none():
    shapes = []
    for number in range(12):
        random = np.random.default_rng(number)
        shape = Image.new("RGB", (96, 96), "#f4f1ea")
        left, top, size = random.integers(4, 30), random.integers(4, 30), random.integers(24, 56)
        ImageDraw.Draw(shape).ellipse((left, top, left + size, top + size), fill="#d1495b")
        ImageDraw.Draw(shape).text((4, 82), f"circles {number}", fill="#555555")
        shapes.append(shape)
    captioned = []
    for photograph_ in PHOTOGRAPHS:
        image = photograph_.copy()
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 170, 224, 200), fill="black")
        draw.text((6, 172), "BUCK EYE  2019-05-12 06:14", fill="white", font_size=14)
        draw.text((6, 186), "SITE 12  CAMERA B  14C", fill="white", font_size=12)
        captioned.append(image)
    for images in (shapes, captioned):
        found = search(images)
        assert (found.same.tolist(), found.scene.tolist()) == ([], [])


def test_blank_pictures_and_pictures_of_a_few_pixels_are_never_joined():
    blank = [Image.new("RGB", (100, 100), "white")] * 3
    small = [PHOTOGRAPHS[0].resize((12, 12))] * 2
    assert search(blank + small).same.tolist() == []


def test_a_search_that_is_stopped_gives_what_it_has():
    asked = []

    def stop() -> bool:
        asked.append(True)
        return True

    found = find_duplicates(lambda row: np.asarray(PHOTOGRAPHS[row]), 12, should_stop=stop)
    assert asked
    assert found.same.tolist() == []


def test_progress_ends_at_the_total():
    steps = []
    find_duplicates(lambda row: np.asarray(PHOTOGRAPHS[row % 3]), 5, on_progress=lambda *step: steps.append(step))
    assert steps[0] == (5, 5)
    assert steps[-1][0] == steps[-1][1] > 5


def test_pairs_are_carried_over_to_a_selection_of_rows():
    pairs = DuplicatePairs(same=np.array([[0, 3], [1, 2]]))
    assert pairs.select(np.array([3, 1, 0]), 4).same.tolist() == [[0, 2]]
    assert DuplicatePairs().select(np.array([], np.int64), 0).scene.shape == (0, 2)
