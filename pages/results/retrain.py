"""What was changed in the images since a run, and training again with it."""

from dataclasses import dataclass

import streamlit as st

from core.catalog.projects import Project
from core.catalog.runs import Run
from core.dataset.manifest import Manifest
from core.jobs.queue import submit_run
from core.training.recipe import load_recipe
from pages.shared import frame, words
from pages.shared.run_results import Results, current_manifest
from pages.shared.steps import TRAIN
from pages.shared.workspace import database, settings


@dataclass(frozen=True)
class Changes:
    """How the images of a project differ from those of a run.

    Attributes:
        relabelled: Images that are in another class now.
        gone: Images that were set aside or deleted.
        added: Images that are new.
    """

    relabelled: int
    gone: int
    added: int

    def __bool__(self) -> bool:
        return bool(self.relabelled or self.gone or self.added)


def draw(project: Project, run: Run, results: Results) -> None:
    """Draw the changes since the run and the button that trains again; nothing while there are none."""
    changes = changes_since(results.manifest, current_manifest(project.id, project.updated_at))
    if not changes:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Since this run:** {in_words(changes)}.", width="stretch")
        if st.button("Retrain with the fixes", type="primary", icon=":material/refresh:", help=_HELP):
            with frame.show_errors():
                name = f"{run.name.removesuffix(_SUFFIX)}{_SUFFIX}"
                frame.go_to(TRAIN, run_id=submit_run(database(), settings(), project.id, load_recipe(run.recipe), name))


_SUFFIX = ", with fixes"
_HELP = "The same recipe on the images as they are now. Afterwards, both runs are compared on the same test images."


def changes_since(before: Manifest, now: Manifest) -> Changes:
    """Count how the images differ; splits do not count, they are drawn and not repaired."""
    old, new = _labels(before), _labels(now)
    return Changes(
        relabelled=sum(1 for digest in old.keys() & new.keys() if old[digest] != new[digest]),
        gone=len(old.keys() - new.keys()),
        added=len(new.keys() - old.keys()),
    )


def _labels(manifest: Manifest) -> dict[str, frozenset[str]]:
    """The classes of each image; the same picture may lie in several."""
    found: dict[str, frozenset[str]] = {}
    for digest, label in zip(manifest.digests, manifest.labels.tolist(), strict=True):
        found[digest] = found.get(digest, frozenset()) | {manifest.classes[label]}
    return found


def in_words(changes: Changes) -> str:
    """Say what changed: `2 images got another class, 1 image was set aside or deleted`."""
    parts = [
        (changes.relabelled, "got another class"),
        (changes.gone, "was set aside or deleted" if changes.gone == 1 else "were set aside or deleted"),
        (changes.added, "was added" if changes.added == 1 else "were added"),
    ]
    return ", ".join(f"{words.count(number, 'image')} {what}" for number, what in parts if number)
