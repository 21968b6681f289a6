"""What the network starts from: ImageNet, the starter's, a person's own file or earlier training, or random numbers."""

from pathlib import Path

import streamlit as st

from core.advice.changes import with_weights
from core.advice.default_recipe import is_online
from core.backbones.weights import available
from core.backbones.zoo import BackboneSpec, find_backbone
from core.catalog.jobs import Job
from core.jobs.queue import submit
from core.training.recipe import WeightsKind
from pages.components import job_progress
from pages.model import previous_runs, starter_preview, weights_file
from pages.shared import recipe_editor, state, uploads, words
from pages.shared.workspace import database, settings

_TITLES: dict[WeightsKind, str] = {
    "imagenet": "ImageNet",
    "starter": "Starter",
    "file": "My own file or earlier training",
    "none": "Random, nothing learned yet",
}
_DOWNLOAD = "download-weights"
_UPLOAD = "weights"


def draw(project_id: str) -> None:
    """Draw the choice, the download of what is not here yet, and what a person has of their own."""
    recipe = recipe_editor.recipe(project_id)
    spec = find_backbone(recipe.backbone.name)
    kinds = [kind for kind in _TITLES if kind in spec.weights_kinds]
    asks_for_file = state.get(_asked(project_id, spec), False)
    current: WeightsKind = "file" if asks_for_file else recipe.backbone.weights
    kind = st.radio(
        "Start from (*pretrained weights*)",
        kinds,
        index=kinds.index(current) if current in kinds else None,
        format_func=_TITLES.__getitem__,
        captions=[_caption(spec, kind, recipe.backbone.weights_file) for kind in kinds],
        key=state.draft_key(f"weights-{spec.name}-{recipe.strategy == 'scratch'}"),
    )
    if kind is not None and kind != current:
        _take(project_id, spec, kind)
    if current == "imagenet":
        _draw_download(project_id, spec)
    if current == "file":
        _draw_own(project_id, spec)
    if "starter" in kinds:
        starter_preview.draw()


def _take(project_id: str, spec: BackboneSpec, kind: WeightsKind) -> None:
    state.set(_asked(project_id, spec), kind == "file")
    if kind == "file":
        st.rerun()
    recipe_editor.update(project_id, lambda recipe: with_weights(recipe, kind))


def _caption(spec: BackboneSpec, kind: WeightsKind, weights_file: str | None) -> str:
    if kind == "imagenet":
        learned = "Learned from 1.3 million labelled photographs of 1,000 kinds of things."
        return f"{learned} {_where(spec)}"
    if kind == "starter":
        return "Learned from images drawn by formulas, part of Graft. Much weaker than ImageNet weights on photographs."
    if kind == "file":
        return (
            f"Now: {words.escape_markdown(Path(weights_file).name)}"
            if weights_file
            else "What this network learned in another training, or a .weights.h5, .h5 or .keras file of it."
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
    running = job_progress.running_job(project_id, _DOWNLOAD)
    if running is not None:
        job_progress.show_progress(running.id, "Downloading", _downloaded)
        return
    if available(spec, settings().keras_home):
        return
    last = job_progress.last_job(project_id, _DOWNLOAD)
    if last is not None and last.arguments.get("backbone") == spec.name:
        job_progress.show_outcome(last, "The download")
    label = f"Download now ({spec.weights_megabytes:.0f} MB)"
    if st.button(label, icon=":material/download:", help="Otherwise the training downloads them when it starts."):
        submit(database(), settings(), project_id, _DOWNLOAD, {"backbone": spec.name})
        st.rerun()


def _downloaded(job: Job) -> str:
    return f"The weights of {job.arguments['backbone']} are on this machine now."


def _draw_own(project_id: str, spec: BackboneSpec) -> None:
    chosen = previous_runs.draw(spec)
    path = weights_file.keep_trained(*chosen) if chosen is not None else _draw_upload(project_id)
    if path is not None:
        state.set(_asked(project_id, spec), False)
        state.notify(f"{words.shorten(path.name)} is kept in the workspace; it is checked when the training loads it.")
        recipe_editor.update(project_id, lambda recipe: with_weights(recipe, "file", str(path)))


def _draw_upload(project_id: str) -> Path | None:
    file = st.file_uploader(
        "Weights file of this network", type=weights_file.SUFFIXES, key=uploads.uploader_key(_UPLOAD)
    )
    if file is None:
        if recipe_editor.recipe(project_id).backbone.weights_file is None:
            st.info("Add one; until then the other weights stay chosen.", icon=":material/info:")
        return None
    return weights_file.keep_weights(_UPLOAD, file)


def _asked(project_id: str, spec: BackboneSpec) -> str:
    return f"asked-for-weights-file-{project_id}-{spec.name}"
