"""Print events as lines on standard error."""

import sys

from core.jobs.events import Batch, Ended, Epoch, Event, Message, Stage, Started


def print_event(event: Event) -> None:
    """Print an event for a terminal."""
    line = _format_event(event)
    if line:
        live = isinstance(event, Stage | Batch)
        end = "\r" if live and sys.stderr.isatty() else "\n"
        print(line.ljust(78), end=end, file=sys.stderr, flush=True)


def _format_event(event: Event) -> str:
    match event:
        case Started():
            return f"On {event.device}. {event.engine}".strip()
        case Stage():
            return _format_stage(event)
        case Batch():
            return f"  batch {event.batch}/{event.batches}" if sys.stderr.isatty() else ""
        case Epoch():
            return (
                f"{event.phase} {event.epoch}/{event.epochs}: loss {event.loss:.4f}, accuracy {event.accuracy:.3f}, "
                f"validation {event.val_loss:.4f}, {event.val_accuracy:.3f}{' *' if event.best else ''}"
            )
        case Message():
            return f"{'Warning: ' if event.level == 'warning' else ''}{event.text}"
        case Ended():
            return f"{event.status.capitalize()}. {event.reason} {event.hint}".strip()


def _format_stage(event: Stage) -> str:
    finished = event.total and event.done >= event.total
    if not (sys.stderr.isatty() or finished or not event.done):
        return ""  # a log file gets the first and the last step only
    count = f" {event.done}/{event.total} {event.unit}".rstrip() if event.total else ""
    left = f", {event.seconds_left:.0f} s left" if event.seconds_left and not finished else ""
    return f"{event.name}{count}{left}"
