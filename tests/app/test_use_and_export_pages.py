"""The Use and Export pages, with the answers that a worker would give."""

import json
import shutil
import zipfile

import pytest
from PIL import Image

from core.catalog import jobs
from core.catalog.projects import create_project
from core.dataset.manifest import TRAIN
from core.dataset.manifest_file import load_manifest
from core.export.certificate import Certificate, FormatCertificate
from core.jobs.specs import ExplainResult, ExplainSpec, ExportModelResult, ExportModelSpec, PredictResult, PredictSpec
from pages.shared import job_results
from pages.shared.steps import EXPORT, USE
from tests.finished_runs import add_project, add_run, open_workspace


@pytest.fixture
def workspace(settings, monkeypatch):
    monkeypatch.setattr(job_results, "PATIENCE_SECONDS", 0)
    return open_workspace(settings)


@pytest.fixture
def project(workspace):
    return add_project(workspace, images=8)


@pytest.fixture
def run(workspace, project):
    finished = add_run(workspace, project)
    (workspace.settings.runs / finished / "model.keras").touch()
    return finished


def end(workspace, job, result):
    jobs.start_job(workspace.database, job.id)
    jobs.end_job(workspace.database, job.id, "finished", result)


def text_of(tab):
    return "\n".join(element.value for element in [*tab.markdown, *tab.caption])


def button(tab, start):
    return next(widget for widget in tab.button if widget.label.startswith(start))


@pytest.mark.parametrize("step", [USE, EXPORT], ids=lambda step: step.title)
def test_without_a_model_it_says_what_to_do(open_page, workspace, step):
    tab = open_page(step, project=create_project(workspace.database, "Empty"))
    assert "There is no trained network yet" in tab.info[0].value
    assert not tab.exception


def test_the_best_run_by_validation_is_tried_first(open_page, workspace, project, run):
    best = add_run(workspace, project, accuracy=1.0, name="Best")
    (workspace.settings.runs / best / "model.keras").touch()
    add_run(workspace, project, accuracy=0.1, name="Last, without a model")
    tab = open_page(USE, project=project)
    assert tab.selectbox[0].value == best
    assert run != best


def test_a_test_image_warms_the_model_and_shows_what_an_answer_is(open_page, workspace, project, run):
    tab = open_page(USE, project=project, run=run)
    (job,) = jobs.list_jobs(workspace.database, kinds=(PredictSpec,))
    assert job.spec_as(PredictSpec).run == run
    answer = PredictResult(classes=("circles", "squares"), probabilities=((0.25, 0.75),), out_of_distribution=(True,))
    end(workspace, job, answer)
    tab.run()
    assert "**squares**, 75.0% sure" in text_of(tab)
    assert "perhaps none of these classes" in tab.warning[0].value
    assert len(jobs.list_jobs(workspace.database, kinds=(PredictSpec,))) == 1


def test_tried_pictures_are_there_again_after_a_reload(open_page, workspace, project, run):
    folder = workspace.settings.uploads / "tried" / "0123456789abcdef"
    folder.mkdir(parents=True)
    Image.new("RGB", (32, 32)).save(folder / "new.png")
    (folder / "text.jpg").write_text("no picture")
    tab = open_page(USE, project=project, run=run, tried=folder.name)
    (job,) = jobs.list_jobs(workspace.database, kinds=(PredictSpec,))
    assert job.spec_as(PredictSpec).paths == (f"uploads/tried/{folder.name}/new.png",)
    assert "not an image" in tab.warning[0].value
    button(tab, "Remove these pictures").click().run()
    assert "tried" not in tab.query_params
    assert not (folder / "new.png").exists()


def test_many_pictures_are_a_grid_with_one_chart_and_training_images_are_named(open_page, workspace, project, run):
    manifest = load_manifest(workspace.settings.runs / run)
    trained = manifest.digests[int(manifest.rows(TRAIN)[0])]
    folder = workspace.settings.uploads / "tried" / "0123456789abcdef"
    folder.mkdir(parents=True)
    shutil.copy(workspace.store.path(trained), folder / "a-known.png")
    for number in range(29):
        Image.new("RGB", (32, 32), (number, 0, 0)).save(folder / f"b-{number:02}.png")
    tab = open_page(USE, project=project, run=run, tried=folder.name)
    (job,) = jobs.list_jobs(workspace.database, kinds=(PredictSpec,))
    answer = PredictResult(classes=("circles", "squares"), probabilities=((0.25, 0.75),) * 30)
    end(workspace, job, answer)
    tab.run()
    assert "**30 pictures**, by predicted class: squares 30" in text_of(tab)
    assert "1 picture is a training image of this run" in tab.warning[0].value
    assert "one of the training images of this run" in tab.info[0].value
    assert len(tab.get("plotly_chart")) == 1
    opened = [one for one in tab.button if one.key and one.key.startswith("open-")]
    assert len(opened) == 24
    assert len({one.label for one in opened}) == 24
    opened[3].click().run()
    assert len(tab.get("plotly_chart")) == 1
    assert not tab.info
    assert not tab.exception


def test_a_link_names_no_folder_but_those_of_tried_pictures(open_page, workspace, project, run):
    (workspace.settings.uploads / "tried").mkdir(parents=True)
    tab = open_page(USE, project=project, run=run, tried="../../originals")
    assert not [one for one in tab.button if one.label.startswith("Remove")]
    assert not tab.exception


def test_an_answer_is_explained(open_page, workspace, project, run, monkeypatch):
    monkeypatch.setattr("pages.components.explanation._PATIENCE_SECONDS", 0)
    tab = open_page(USE, project=project, run=run)
    (job,) = jobs.list_jobs(workspace.database, kinds=(PredictSpec,))
    answer = PredictResult(classes=("circles", "squares"), probabilities=((0.25, 0.75),), out_of_distribution=(False,))
    end(workspace, job, answer)
    tab.run()
    button(tab, "Explain").click().run()
    (asked,) = jobs.list_jobs(workspace.database, kinds=(ExplainSpec,))
    spec = asked.spec_as(ExplainSpec)
    assert (spec.class_index, spec.method) == (1, "grad-cam")
    Image.new("RGB", (32, 32)).save(workspace.settings.workspace / "image.png")
    Image.new("L", (32, 32)).save(workspace.settings.workspace / "heatmap.png")
    end(workspace, asked, ExplainResult(image="image.png", heatmap="heatmap.png"))
    button(tab, "Explain").click().run()
    assert [slider.label for slider in tab.slider] == ["Strength of the colours"]
    assert not tab.exception


def test_what_refusing_costs_is_said(open_page, project, run):
    tab = open_page(USE, project=project, run=run)
    assert "5.0% of the true test images are marked wrongly" in text_of(tab)


def test_a_failed_prediction_says_why(open_page, workspace, project, run):
    from core.jobs.events import Ended, dump_event

    tab = open_page(USE, project=project, run=run)
    (job,) = jobs.list_jobs(workspace.database, kinds=(PredictSpec,))
    ended = Ended(status="failed", reason="The model cannot be loaded.")
    jobs.start_job(workspace.database, job.id)
    jobs.add_event(workspace.database, job.id, ended.kind, dump_event(ended))
    jobs.end_job(workspace.database, job.id, "failed")
    tab.run()
    assert "The model cannot be loaded." in tab.error[0].value


def test_the_bundle_is_packed_in_the_chosen_formats(open_page, workspace, project, run):
    tab = open_page(EXPORT, project=project, run=run)
    button(tab, "Pack the bundle").click().run()
    (job,) = jobs.list_jobs(workspace.database, kinds=(ExportModelSpec,))
    assert job.spec == ExportModelSpec(run=run, formats=("keras",))


def test_a_packed_bundle_is_offered_with_its_certificate(open_page, workspace, project, run):
    tab = open_page(EXPORT, project=project, run=run)
    button(tab, "Pack the bundle").click().run()
    (job,) = jobs.list_jobs(workspace.database, kinds=(ExportModelSpec,))
    bundle = workspace.settings.workspace / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as opened:
        opened.writestr("labels.json", json.dumps(["circles", "squares"]))
    formats = {"model.keras": FormatCertificate(largest_difference=3e-7, same_class=16, tolerance=1e-4)}
    certificate = Certificate(images=16, formats=formats, left_out={"model.tflite": "It could not be converted."})
    end(workspace, job, ExportModelResult(path="bundle.zip", certificate=certificate.model_dump(mode="json")))
    tab.run()
    assert tab.get("download_button")[0].proto.label.startswith("Download (")
    assert "the same class for 16 of 16 images" in text_of(tab)
    assert "`labels.json`" in text_of(tab)
    assert "It could not be converted" in tab.warning[0].value
    assert not tab.exception


def test_a_removed_bundle_is_packed_again(open_page, workspace, project, run):
    tab = open_page(EXPORT, project=project, run=run)
    button(tab, "Pack the bundle").click().run()
    (job,) = jobs.list_jobs(workspace.database, kinds=(ExportModelSpec,))
    end(workspace, job, ExportModelResult(path="gone.zip", certificate={}))
    tab.run()
    assert button(tab, "Pack the bundle")


def test_the_script_is_shown(open_page, project, run):
    tab = open_page(EXPORT, project=project, run=run)
    assert "keras.models.load_model" in tab.code[0].value
