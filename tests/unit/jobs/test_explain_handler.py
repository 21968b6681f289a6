"""The explain job, for images of the project and for uploaded pictures."""

import numpy as np
import pytest
from PIL import Image

from core.catalog import jobs
from core.catalog.items import list_items
from core.errors import ImageError
from core.jobs.handlers.models import explain
from core.jobs.specs import ExplainSpec
from core.jobs.worker import JobContext
from core.training.recipe import RECIPE_FILE, Recipe, dump_recipe
from tests.finished_runs import add_project, add_run, open_workspace
from tests.unit.evaluation.colours import save_colour_model

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

RED, GREEN = 0, 1


@pytest.fixture
def ask(settings):
    """Explain predictions of a model that distinguishes red, green and blue."""
    workspace = open_workspace(settings)
    project = add_project(workspace)
    run = add_run(workspace, project)
    (settings.runs / run / "features.npz").unlink()  # of another network
    save_colour_model(settings.runs / run)

    def ask_for(class_index, method="grad-cam", **picture):
        spec = ExplainSpec(run=run, class_index=class_index, method=method, **picture)
        job = jobs.get_job(workspace.database, jobs.add_job(workspace.database, project, spec))
        result = explain(JobContext(workspace.database, settings, job), spec)
        return (np.asarray(Image.open(settings.workspace / path)) for path in (result.image, result.heatmap))

    ask_for.recipe = settings.runs / run / RECIPE_FILE
    ask_for.images = list_items(workspace.database, project)
    return ask_for


@pytest.fixture
def picture(tmp_path):
    """Grey, with a green patch at the bottom right."""
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[48:, 48:, GREEN] = 220
    path = tmp_path / "tried.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("method", ["grad-cam", "occlusion"])
def test_the_heat_map_of_an_uploaded_picture_shows_the_planted_patch(ask, picture, method):
    square, heat = ask(path=str(picture), class_index=GREEN, method=method)
    assert square.shape == (32, 32, 3)
    assert (heat.shape, heat.max()) == ((32, 32), 255)
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert min(y, x) >= 20


def test_each_class_has_its_own_heat_map(ask, picture):
    answers = [ask(path=str(picture), class_index=label) for label in (RED, GREEN)]
    red, green = (list(answer)[1] for answer in answers)
    assert not np.array_equal(red, green)


def test_an_image_of_the_project_is_explained(ask):
    square, heat = ask(digest=ask.images[0].digest, class_index=RED)
    assert square.shape[:2] == heat.shape


def test_a_format_that_only_the_name_declares_is_explained(ask, tmp_path):
    Image.new("RGB", (40, 40), (30, 160, 30)).save(tmp_path / "kept-under-a-digest", "TGA")
    square, _ = ask(path=str(tmp_path / "kept-under-a-digest"), name="leaf.TGA", class_index=GREEN)
    assert (square == (30, 160, 30)).all()


def test_transparent_pixels_get_the_background_of_the_run(ask, tmp_path):
    ask.recipe.write_text(dump_recipe(Recipe(background="#20c040")), encoding="utf-8")
    Image.new("RGBA", (40, 40), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    square, _ = ask(path=str(tmp_path / "clear.png"), class_index=GREEN)
    assert (square == (0x20, 0xC0, 0x40)).all()


def test_a_deleted_image_is_an_error(ask, tmp_path):
    with pytest.raises(ImageError, match="cannot be used any more"):
        ask(path=str(tmp_path / "gone.png"), class_index=RED)
