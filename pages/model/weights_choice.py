"""The initial weights: ImageNet, the starter's, an own file, a previous run, or random ones."""

from pathlib import Path

import streamlit as st

from core.advice.changes import with_weights
from core.advice.default_recipe import is_online
from core.backbones.starter.preview import draw_preview
from core.backbones.weights import available
from core.backbones.zoo import BackboneSpec, find_backbone
from core.catalog.jobs import Job
from core.catalog.projects import list_projects
from core.catalog.runs import Run, list_runs
from core.errors import RecipeError
from core.jobs.queue import submit
from core.jobs.specs import DownloadWeightsSpec
from core.training.recipe import WeightsKind, load_recipe
from pages.components import job_progress
from pages.model import weights_file
from pages.shared import frame, recipe_editor, state, uploads, words
from pages.shared.run_results import figures_of, has_model
from pages.shared.workspace import database, settings

_TITLES: dict[WeightsKind, str] = {
    "imagenet": "ImageNet",
    "starter": "Starter",
    "file": "My own file or a previous run",
    "none": "Random weights, nothing learned yet",
}
_UPLOAD = "weights"
_PREVIEW_ROWS, _PREVIEW_COLUMNS = 5, 8
_PREVIEW_NUMBER = "starter-preview"


def draw(project_id: str) -> None:
    """Draw the choice of the weights, and what it needs: a download, a file, or a preview of the starter's images."""
    recipe = recipe_editor.recipe(project_id)
    spec = find_backbone(recipe.backbone.name)
    kinds = [kind for kind in _TITLES if kind in spec.weights_kinds]
    wants_file = state.get(_wants_file(project_id, spec), False)
    current: WeightsKind = "file" if wants_file else recipe.backbone.weights
    kind = st.radio(
        "Start from (*pretrained weights*)",
        kinds,
        index=kinds.index(current) if current in kinds else None,
        format_func=_TITLES.__getitem__,
        captions=[_caption(spec, kind, recipe.backbone.weights_file) for kind in kinds],
        key=state.draft_key(f"weights-{spec.name}-{recipe.strategy == 'scratch'}"),
    )
    if kind is not None and kind != current:
        _choose(project_id, spec, kind)
    if current == "imagenet":
        _draw_download(project_id, spec)
    if current == "file":
        _draw_own(project_id, spec)
    if "starter" in kinds and st.button("See what the starter learned from", icon=":material/texture:"):
        _show_preview()


def _choose(project_id: str, spec: BackboneSpec, kind: WeightsKind) -> None:
    state.set(_wants_file(project_id, spec), kind == "file")
    if kind == "file":
        st.rerun()
    recipe_editor.update(project_id, lambda recipe: with_weights(recipe, kind))


def _caption(spec: BackboneSpec, kind: WeightsKind, weights_file: str | None) -> str:
    if kind == "imagenet":
        return f"Trained on 1.3 million labelled photographs in 1,000 classes. {_where(spec)}"
    if kind == "starter":
        return "Trained on images drawn by formulas, part of Graft. Much weaker than ImageNet weights on photographs."
    if kind == "file":
        return (
            f"Now: {words.escape_markdown(Path(weights_file).name)}"
            if weights_file
            else "What this network learned in another run, or a .weights.h5, .h5 or .keras file of it."
        )
    return "To compare: what the same network learns from your images alone."


def _where(spec: BackboneSpec) -> str:
    if available(spec, settings().keras_home):
        return "They are on this machine."
    if is_online():
        return f"Downloaded once, about {spec.weights_megabytes:.0f} MB."
    file = spec.weights_file.name if spec.weights_file else ""
    return (
        f"They are not on this machine, and it has no network: connect it, or put {file} into "
        f"{settings().keras_home / 'models'}."
    )


def _draw_download(project_id: str, spec: BackboneSpec) -> None:
    running = job_progress.running_job(project_id, DownloadWeightsSpec)
    if running is not None:
        job_progress.show_progress(running.id, "Downloading", _downloaded)
        return
    if available(spec, settings().keras_home):
        return
    last = job_progress.last_job(project_id, DownloadWeightsSpec)
    if last is not None and last.spec_as(DownloadWeightsSpec).backbone == spec.name:
        job_progress.show_outcome(last, "The download")
    label = f"Download now ({spec.weights_megabytes:.0f} MB)"
    if st.button(label, icon=":material/download:", help="Otherwise the training downloads them when it starts."):
        submit(database(), settings(), project_id, DownloadWeightsSpec(backbone=spec.name))
        st.rerun()


def _downloaded(job: Job) -> str:
    return f"The weights of {job.spec_as(DownloadWeightsSpec).backbone} are on this machine now."


def _draw_own(project_id: str, spec: BackboneSpec) -> None:
    chosen = _draw_previous_runs(spec)
    path = weights_file.store_run(*chosen) if chosen is not None else _draw_upload(project_id)
    if path is not None:
        state.set(_wants_file(project_id, spec), False)
        state.notify(f"{words.shorten(path.name)} is kept in the workspace; it is checked when the training loads it.")
        recipe_editor.update(project_id, lambda recipe: with_weights(recipe, "file", settings().relative(path)))


def _draw_previous_runs(spec: BackboneSpec) -> tuple[str, str] | None:
    """Draw the runs of all projects in which layers of this network were trained.

    Returns:
        Id and title of the run that was chosen just now; None otherwise.
    """
    runs = {run.id: run for run in list_runs(database()) if has_model(run.id) and _trained_layers_of(run, spec)}
    if not runs:
        st.caption("A previous run that trained layers of this network can be chosen here, once there is one.")
        return None
    projects = {project.id: project.name for project in list_projects(database())}
    titles = {run.id: f"{run.name} of {projects.get(run.project_id, '')}" for run in runs.values()}
    choice, button = st.columns([4, 1], vertical_alignment="bottom")
    chosen = choice.selectbox(
        "A previous run of this network",
        list(runs),
        format_func=lambda run: titles[run] + _accuracy(runs[run]),
        key=state.draft_key(f"previous-run-{spec.name}"),
    )
    wanted = button.button("Start from it", icon=":material/conversion_path:", width="stretch")
    return (chosen, titles[chosen]) if wanted else None


def _trained_layers_of(run: Run, spec: BackboneSpec) -> bool:
    """Whether a run changed weights of this network; feature extraction does not."""
    try:
        recipe = load_recipe(run.recipe)
    except RecipeError:
        return False
    return recipe.backbone.name == spec.name and recipe.strategy != "feature-extraction"


def _accuracy(run: Run) -> str:
    figures = figures_of(run)
    return f" · validation accuracy {words.percent(figures.validation)}" if figures else ""


def _draw_upload(project_id: str) -> Path | None:
    file = st.file_uploader(
        "Weights file of this network", type=weights_file.SUFFIXES, key=uploads.uploader_key(_UPLOAD)
    )
    if file is None:
        if recipe_editor.recipe(project_id).backbone.weights_file is None:
            st.info("Add one; until then the other weights stay chosen.", icon=":material/info:")
        return None
    return weights_file.store_upload(_UPLOAD, file)


def _wants_file(project_id: str, spec: BackboneSpec) -> str:
    return f"wants-weights-file-{project_id}-{spec.name}"


@frame.dialog("What the starter learned from", width="large")
def _show_preview() -> None:
    number = state.get(_PREVIEW_NUMBER, 1)
    st.markdown(
        "Formulas draw shapes, textures and colours. The network learned to say which formula drew an image, and which "
        "two views show the same image. No photograph was used, so nobody owns rights to the weights. The images below "
        "are new: they were drawn just now, and the network has not seen them."
    )
    if st.button("Draw another sheet", icon=":material/refresh:"):
        state.set(_PREVIEW_NUMBER, number := number + 1)
    alt = f"{_PREVIEW_ROWS * _PREVIEW_COLUMNS} images of drawn shapes and textures"
    sheet = draw_preview(_PREVIEW_ROWS, _PREVIEW_COLUMNS, seed=number)
    st.image(sheet, width="stretch", caption=f"Sheet {number}", alt=alt)
