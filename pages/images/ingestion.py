"""What is being done to the images right now, and how the last intake ended."""

from core.catalog.jobs import Job
from pages.components import job_progress
from pages.shared import words

TAKE_IN, DRAW_SPLITS = "take-in", "draw-splits"
_TITLES = {TAKE_IN: "Taking in images", DRAW_SPLITS: "Drawing the splits"}


def draw(project_id: str) -> bool:
    """Draw the bar of a running job, or why the last one failed; tell whether one is running."""
    running = job_progress.running_job(project_id, *_TITLES)
    if running is not None:
        job_progress.show_progress(running.id, _TITLES[running.kind], _say_result)
        return True
    for kind, title in _TITLES.items():
        last = job_progress.last_job(project_id, kind)
        if last is not None:
            job_progress.show_outcome(last, title)
    return False


def _say_result(job: Job) -> str:
    if job.kind == DRAW_SPLITS or job.result is None:
        return "The splits were drawn."
    if job.result.get("guess"):
        return ""
    taken, refused = job.result["taken"], job.result["refused"]
    sentence = f"{words.count(taken, 'image was', 'images were')} taken in."
    if job.result.get("there"):
        sentence += f" {words.count(job.result['there'], 'image was', 'images were')} there already."
    if refused:
        sentence += f" {words.count(refused, 'file was', 'files were')} not; see “Not taken in”."
    return sentence
