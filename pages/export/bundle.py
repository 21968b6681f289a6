"""The bundle: the choice of its formats, packing by a worker, the download, and how to use it without Graft."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

import core
from core.catalog import jobs
from core.catalog.jobs import Job
from core.catalog.projects import get_project
from core.catalog.runs import Run
from core.export.certificate import Certificate
from core.export.formats import FORMATS, bundle_file_name
from core.jobs.queue import submit
from core.jobs.specs import ExportModelResult, ExportModelSpec
from pages.components import job_progress
from pages.shared import words
from pages.shared.workspace import database, settings

_TITLE = "Packing the bundle"
_FIRST = "keras"
# Read, not imported: the script imports Keras, which the web process must not.
_SCRIPT = Path(core.__file__).parent / "export" / "bundle_files" / "predict.py"


def draw(run: Run) -> None:
    """Draw the formats, the button that packs them, the download, and how to use it."""
    formats = st.pills(
        "Formats",
        list(FORMATS),
        selection_mode="multi",
        default=[_FIRST],
        format_func=lambda key: FORMATS[key].label,
        key=f"formats-{run.id}",
    )
    for key in formats:
        st.caption(f"**{FORMATS[key].label}**: {FORMATS[key].purpose}")
    if not formats:
        st.info("Choose at least one format.", icon=":material/info:")
    else:
        _draw_bundle(run, formats)
    _draw_usage()


def _draw_bundle(run: Run, formats: Sequence[str]) -> None:
    job = _packed(run, formats)
    if job is not None and not job.ended:
        job_progress.show_progress(job.id, _TITLE)
    elif (
        job is not None
        and (packed := job.result_as(ExportModelResult)) is not None
        and (bundle := settings().resolve(packed.path)).is_file()
    ):
        _draw_download(bundle, run)
        _draw_certificate(Certificate.model_validate(packed.certificate))
        _draw_contents(bundle)
    else:
        _draw_packing(run, formats, job)


def _packed(run: Run, formats: Sequence[str]) -> Job | None:
    """The latest job that packed this run in these formats."""
    found = jobs.list_jobs(database(), project_id=run.project_id, kinds=(ExportModelSpec,))
    return next((job for job in reversed(found) if job.spec == _spec(run, formats)), None)


def _spec(run: Run, formats: Sequence[str]) -> ExportModelSpec:
    return ExportModelSpec(run=run.id, formats=tuple(sorted(formats)))


def _draw_packing(run: Run, formats: Sequence[str], failed: Job | None) -> None:
    if failed is not None:
        job_progress.show_outcome(failed, _TITLE)
    if st.button("Pack the bundle", type="primary", icon=":material/archive:"):
        submit(database(), settings(), run.project_id, _spec(run, formats))
        st.rerun()


def _draw_download(bundle: Path, run: Run) -> None:
    st.download_button(
        f"Download ({words.size(bundle.stat().st_size)})",
        bundle.read_bytes,
        file_name=bundle_file_name(get_project(database(), run.project_id).name, run.name),
        mime="application/zip",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


def _draw_certificate(certificate: Certificate) -> None:
    st.markdown(
        f"**Certificate**: each file predicted {words.count(certificate.images, 'test image')}, and its probabilities "
        "were compared with those of this app."
    )
    lines = [
        f"- `{file}`: the same class for {one.same_class} of {certificate.images} images, probabilities differ by at "
        f"most {_plain_number(one.largest_difference)} (certified up to {_plain_number(one.tolerance)})"
        for file, one in certificate.formats.items()
    ]
    st.markdown("\n".join(lines))
    for file, reason in certificate.left_out.items():
        st.warning(
            f"{words.escape_markdown(file)} is not in the bundle: {words.escape_markdown(reason)}",
            icon=":material/warning:",
        )


def _draw_contents(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as opened:
        files = [info for info in opened.infolist() if not info.is_dir()]
    with st.expander(f"What is inside: {words.count(len(files), 'file')}", icon=":material/folder_zip:"):
        st.markdown("\n".join(f"- `{info.filename}`, {words.size(info.file_size)}" for info in files))


def _plain_number(small: float) -> str:
    """Format a small number without an exponent: `0.0000016`."""
    return np.format_float_positional(small, precision=2, fractional=False, trim="-")


def _draw_usage() -> None:
    st.subheader("Use it", anchor=False)
    st.markdown(
        "Unpack the bundle and run in its folder: `python predict.py picture.jpg`. The model takes uint8 RGB pictures "
        "of any size and returns probabilities; it resizes and preprocesses them itself."
    )
    st.code(_SCRIPT.read_text(encoding="utf-8"), language="python")
