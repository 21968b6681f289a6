"""Rendered images are the same bytes for the same numbers in every process, and different for others."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from core.backbones.starter.images import SHAPES, TARGETS, draw_image
from core.backbones.starter.preview import draw_preview
from core.backbones.starter.shapes import shape
from core.backbones.starter.textures import texture
from core.backbones.starter.tiles import NOISES, tiles

DIGEST = """
import hashlib
from core.backbones.starter.images import draw_image
print(hashlib.sha256(b"".join(draw_image(label, 3)[0].tobytes() for label in range(0, 200, 16))).hexdigest())
"""


def digest_in_a_new_process() -> str:
    return subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout.strip()


def test_two_processes_and_two_runs_draw_the_same_bytes():
    here = [b"".join(draw_image(label, 3)[0].tobytes() for label in range(0, SHAPES, 16)) for _ in range(2)]
    assert {hashlib.sha256(drawn).hexdigest() for drawn in here} == {digest_in_a_new_process()}


def test_the_order_of_drawing_does_not_matter():
    alone = draw_image(17, 2)[0]
    draw_image(18, 5)
    assert (draw_image(17, 2)[0] == alone).all()


@pytest.mark.parametrize("other", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["class", "instance", "seed"])
def test_another_number_draws_another_image(other):
    assert (draw_image(*other)[0] != draw_image(0, 0, 0)[0]).any()


@pytest.mark.parametrize("size", [32, 97, 128])
def test_an_image_has_the_given_size(size):
    image, _ = draw_image(5, 5, size=size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8


def test_targets_are_within_their_classes():
    rows = np.array([draw_image(label, 0, size=32)[1].as_row() for label in range(50)])
    assert (rows >= 0).all()
    assert (rows < list(TARGETS.values())).all()
    assert (rows[:, list(TARGETS).index("shape")] == np.arange(50)).all()


def test_images_are_colourful_and_not_alike():
    images = np.stack([draw_image(label, 0, size=48)[0] for label in range(60)]).astype(float)
    colourfulness = (images.max(axis=-1) - images.min(axis=-1)).mean(axis=(1, 2))
    assert np.median(colourfulness) > 30
    assert images.std(axis=(1, 2, 3)).mean() > 25


def test_every_kind_of_shape_and_texture_is_drawn():
    assert len({shape(index, 0).kind for index in range(100)}) == 5
    assert len({texture(index, 0).kind for index in range(200)}) == 11


def test_dead_leaves_are_those_of_the_pretraining():
    greys = [[0.213, 0.973, 0.263, 0.813], [0.201, 0.374, 0.427, 0.855], [0.374, 0.354, 0.834, 0.602]]
    np.testing.assert_allclose(tiles(0)[NOISES, :192:64, ::64], greys, atol=5e-4)


def test_textures_stay_between_0_and_1():
    line = np.linspace(-6, 6, 60, dtype=np.float32)
    u, v = np.meshgrid(line, line)
    values = np.stack([texture(index, 0).values(u, v) for index in range(120)])
    assert values.min() >= 0
    assert values.max() <= 1


def test_a_shape_covers_a_part_of_the_plane():
    line = np.linspace(-1, 1, 64, dtype=np.float32)
    a, b = np.meshgrid(line, line)
    covered = [(shape(index, 0).pose(np.random.default_rng(0))(a, b) > 0).mean() for index in range(SHAPES)]
    assert min(covered) > 0.005
    assert np.median(covered) < 0.7


def test_a_preview_has_rows_and_columns_and_is_reproducible():
    preview = draw_preview(2, 3, seed=4, side=40)
    assert preview.size == (3 * 42 - 2, 2 * 42 - 2)
    assert preview.tobytes() == draw_preview(2, 3, seed=4, side=40).tobytes()
    assert preview.tobytes() != draw_preview(2, 3, seed=5, side=40).tobytes()


def test_the_preview_needs_no_framework():
    script = "import sys; import core.backbones.starter.preview; print({'tensorflow', 'keras'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
