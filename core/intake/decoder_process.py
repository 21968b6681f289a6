"""The process that decodes images: `python -m core.intake.decoder_process SECONDS MEMORY_BYTES`.

It reads paths from standard input and answers with width, height, format, statistics and thumbnail (`core.intake.ipc`).
It ends itself when an image takes too long, also after its parent was killed, and limits its own memory where the
system supports that. A crash of native code ends this process alone.

The time limit counts processor time where the system supports it, so that a busy machine rejects no image. A limit of
three times as many seconds of elapsed time catches decoders that wait instead of computing.
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
from core.intake.decode_rgb import decode_rgb, describe_decode_error, is_sideways, open_image
from core.intake.image_statistics import measure
from core.intake.ipc import receive, send

THUMBNAIL_SIDE: Final = 256
THUMBNAIL_QUALITY: Final = 82
CLOCK_FACTOR: Final = 3


def inspect(path: Path, suffix: str) -> tuple[dict[str, Any], bytes]:
    """Decode and measure an image.

    JPEGs are decoded at a fraction of their size. The decoder still reads all of the compressed data, so a truncated
    file is found as in full decoding. Transparent images get a white background here; a recipe may choose another one.

    Returns:
        Upright `width` and `height`, `format` and `statistics`, and the thumbnail as JPEG.

    Raises:
        ImageError: It cannot be decoded; the sentence is one of `rejection_messages`.
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
    """Send a ready message, then answer requests until the parent closes the pipe."""
    send(answers, {})
    with Path(os.devnull).open("w") as devnull:
        while (request := receive(requests)) is not None:
            faulthandler.dump_traceback_later(CLOCK_FACTOR * seconds, exit=True, file=devnull)
            _end_after_processor_time(seconds)
            found, thumbnail = _answer(request[0])
            _end_after_processor_time(0)
            faulthandler.cancel_dump_traceback_later()
            send(answers, found, thumbnail)


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        return inspect(Path(request["path"]), request["suffix"])
    except ImageError as error:
        return {"rejected": error.sentence}, b""
    except (FileNotFoundError, PermissionError):
        return {"rejected": rejection_messages.MAY_NOT_BE_READ}, b""
    except Exception as error:  # e.g. a failure in the statistics or the thumbnail
        return {"rejected": describe_decode_error(error)}, b""


def _end_after_processor_time(seconds: float) -> None:
    """Let the system end this process after so much processor time; 0 cancels that."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(n_bytes: int) -> None:
    """Limit further allocations on Linux; elsewhere the parent watches the memory."""
    if sys.platform != "linux":
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + n_bytes, used + n_bytes))


def _redirect_output() -> IO[bytes]:
    """Reserve standard output for answers, and discard what native libraries print."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(devnull, stream.fileno())
    return answers


if __name__ == "__main__":
    output = _redirect_output()
    _limit_memory(int(sys.argv[2]))
    answer(sys.stdin.buffer, output, float(sys.argv[1]))
