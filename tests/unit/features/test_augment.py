"""Variations are the same in every process, differ from each other, and stay within their bounds."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.features.augment import augment, variations_key
from core.features.views import Views
from core.training.recipe import Augmentation

NOTHING = {"flip_horizontal": False, "rotation": 0, "zoom": 0, "shift": 0, "brightness": 0, "contrast": 0}
DIGESTS = ["a" * 64, "b" * 64, "c" * 64]


def square(size: int = 48) -> np.ndarray:
    patches = np.random.default_rng(0).integers(40, 216, (size // 8, size // 8, 3), np.uint8)
    return patches.repeat(8, axis=0).repeat(8, axis=1)


def vary(view: int = 1, digest: str = DIGESTS[0], seed: int = 0, **changes) -> np.ndarray:
    return augment(square(), digest, view, seed=seed, variations=Augmentation(**(NOTHING | changes)))


def test_a_variation_is_the_same_in_another_process():
    script = (
        "import hashlib, numpy as np\n"
        "from core.features.augment import augment\n"
        "from core.training.recipe import Augmentation\n"
        "image = np.arange(48 * 48 * 3).reshape(48, 48, 3).astype(np.uint8)\n"
        "print(hashlib.sha256(augment(image, 'a', 2, seed=5, variations=Augmentation())).hexdigest())"
    )
    outputs = {subprocess.check_output([sys.executable, "-c", script]) for _ in range(2)}
    assert len(outputs) == 1


def test_views_seeds_and_images_vary_differently():
    made = [vary(rotation=20), vary(view=2, rotation=20), vary(seed=1, rotation=20), vary(digest="b", rotation=20)]
    assert len({image.tobytes() for image in made}) == 4


def test_the_first_view_is_the_image_itself():
    assert augment(square(), "a", 0, seed=0, variations=Augmentation()) is not None
    assert np.array_equal(augment(square(), "a", 0, seed=0, variations=Augmentation()), square())


def test_without_a_change_nothing_changes():
    assert np.array_equal(vary(), square())


def test_a_mirrored_image_is_mirrored_exactly_in_about_half_of_the_views():
    mirrored = [np.array_equal(vary(view, flip_horizontal=True), square()[:, ::-1]) for view in range(1, 41)]
    plain = [np.array_equal(vary(view, flip_horizontal=True), square()) for view in range(1, 41)]
    assert sum(mirrored) + sum(plain) == 40
    assert 10 < sum(mirrored) < 30


def test_an_image_is_flipped_vertically_only_if_chosen():
    upside_down = square()[::-1]
    assert any(np.array_equal(vary(view, flip_vertical=True), upside_down) for view in range(1, 20))
    assert not any(np.array_equal(vary(view, flip_horizontal=True), upside_down) for view in range(1, 20))


def test_uncovered_corners_are_not_black():
    turned = [vary(view, rotation=180, zoom=0.9, shift=0.5) for view in range(1, 20)]
    assert min(int(image.min()) for image in turned) >= 38


def test_a_shift_moves_the_image_by_whole_patches_of_itself():
    shifted = vary(shift=0.25)
    differences = [
        np.abs(
            np.roll(square(), (down, right), axis=(0, 1))[16:-16, 16:-16].astype(int) - shifted[16:-16, 16:-16]
        ).mean()
        for down in range(-13, 14)
        for right in range(-13, 14)
    ]
    assert min(differences) < 25 < np.median(differences)


def test_brightness_moves_every_level_by_the_same_amount():
    difference = vary(brightness=0.1).astype(int) - square()
    assert len(np.unique(difference)) == 1
    assert 0 < abs(difference.flat[0]) <= 26


def test_contrast_keeps_the_mean():
    changed = vary(contrast=0.5)
    assert changed.mean() == pytest.approx(square().mean(), abs=0.5)
    assert changed.std() != pytest.approx(square().std(), rel=0.01)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Augmentation,
        flip_vertical=st.booleans(),
        rotation=st.floats(0, 180),
        zoom=st.floats(0, 0.9),
        shift=st.floats(0, 0.5),
        brightness=st.floats(0, 1),
        contrast=st.floats(0, 1),
    ),
    st.integers(1, 32),
)
def test_any_variation_is_a_square_of_the_same_size(variations, view):
    image = augment(square(), "a", view, seed=0, variations=variations)
    assert image.shape == square().shape
    assert image.dtype == np.uint8


def test_the_number_of_views_is_not_part_of_the_key():
    assert variations_key(Augmentation(views=2), 0) == variations_key(Augmentation(views=8), 0)


@pytest.mark.parametrize("change", [{"rotation": 11}, {"flip_vertical": True}, {"contrast": 0.2}, {"shift": 0}])
def test_every_bound_is_part_of_the_key(change):
    assert variations_key(Augmentation(**change), 0) != variations_key(Augmentation(), 0)
    assert variations_key(Augmentation(), 1) != variations_key(Augmentation(), 0)


@given(st.integers(1, 40), st.integers(0, 5), st.data())
def test_views_are_numbered_one_to_one(n, count, data):
    varied = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), np.int64)
    views = Views([f"{row}" for row in range(n)], varied, count, 0, Augmentation())
    numbers = np.arange(len(views))
    rows, which = views.split(numbers)
    assert len(set(views.keys(numbers))) == n + count * len(varied)
    assert [int(views.numbers(rows[i : i + 1], int(which[i]))[0]) for i in numbers] == numbers.tolist()


@pytest.mark.parametrize(("row", "view"), [(0, 1), (1, 3), (1, -1)])
def test_a_view_that_an_image_does_not_have_raises(row, view):
    views = Views(DIGESTS, np.array([1]), 2, 0, Augmentation())
    with pytest.raises(IndexError, match="variations"):
        views.numbers(np.array([row]), view)


def test_pages_can_vary_images_without_a_framework():
    script = "import sys, core.features.augment\nprint(sorted({'tensorflow', 'keras', 'openvino'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
