"""The child process that decodes: `python -m core.intake.decoder_process SECONDS MEMORY_BYTES`.

It is given paths on standard input and answers with what it found (see `core.intake.ipc`). It ends itself when an
image takes too long, so that it cannot hang on, even when its parent was killed; where the system can, it also bounds
its own memory. A crash of native code ends it and nothing else.

Time is the processor's where the system can end a process by it, so that no image is refused because a machine is
busy; the clock's, three times as long, catches what waits instead of working.
"""

import faulthandler
import io
import math
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from PIL import Image

from core.errors import ImageError
from core.intake import rejection_messages
from core.intake.decode_rgb import decode_rgb, is_sideways, open_image, why_not_decoded
from core.intake.image_statistics import measure
from core.intake.ipc import receive, send

THUMBNAIL_SIDE: Final = 256
THUMBNAIL_QUALITY: Final = 82
CLOCK_FACTOR: Final = 3


def inspect(path: Path, suffix: str) -> tuple[dict[str, Any], bytes]:
    """Decode an image, so that a broken one is found, and measure it.

    JPEGs are decoded at a fraction of their size. That leaves out arithmetic, not data: every bit of the compressed
    data is still read, so that a file that is cut off is found as in full decoding. Thumbnails, and with them all that
    is measured of an image, lie on white: what a training lays them on is chosen later.

    Returns:
        Upright `width` and `height`, `format` and `statistics`, and the thumbnail as JPEG.

    Raises:
        ImageError: It cannot be decoded; the sentence is one of `reasons`.
    """
    with open_image(path, suffix) as image:
        size = image.size
        shrink = min(1.0, THUMBNAIL_SIDE / max(size))
        drafted = image.draft(None, (math.ceil(size[0] * shrink), math.ceil(size[1] * shrink)))
        picture = decode_rgb(image, at_least=THUMBNAIL_SIDE)
        width, height = size if drafted else image.size
        if is_sideways(image):
            width, height = height, width
        found = {"width": width, "height": height, "format": image.format}
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR)
    thumbnail = io.BytesIO()
    picture.save(thumbnail, "JPEG", quality=THUMBNAIL_QUALITY)
    return found | {"statistics": asdict(measure(picture))}, thumbnail.getvalue()


def answer(requests: IO[bytes], answers: IO[bytes], seconds: float) -> None:
    """Say that this process is ready, then answer until nobody asks any more."""
    send(answers, {})
    with Path(os.devnull).open("w") as nowhere:
        while (request := receive(requests)) is not None:
            faulthandler.dump_traceback_later(CLOCK_FACTOR * seconds, exit=True, file=nowhere)
            _end_after_processor_time(seconds)
            found, thumbnail = _answer(request[0])
            _end_after_processor_time(0)
            faulthandler.cancel_dump_traceback_later()
            send(answers, found, thumbnail)


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        return inspect(Path(request["path"]), request["suffix"])
    except ImageError as error:
        return {"refused": error.sentence}, b""
    except (FileNotFoundError, PermissionError):
        return {"refused": rejection_messages.MAY_NOT_BE_READ}, b""
    except Exception as error:  # an image that upsets even what was decoded is refused like any other
        return {"refused": why_not_decoded(error)}, b""


def _end_after_processor_time(seconds: float) -> None:
    """Have the system end this process once it computed for so long; 0 calls that off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _bound_memory(n_bytes: int) -> None:
    """Bound what may be allocated from now on, where the system keeps such bounds; elsewhere the parent watches."""
    if sys.platform != "linux":
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + n_bytes, used + n_bytes))


def _own_output() -> IO[bytes]:
    """Standard output for the answers alone: what a native library prints goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return answers


if __name__ == "__main__":
    output = _own_output()
    _bound_memory(int(sys.argv[2]))
    answer(sys.stdin.buffer, output, float(sys.argv[1]))
