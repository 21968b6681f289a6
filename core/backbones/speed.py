"""How fast networks run on this machine: measured by trainings, shown beside the networks. Free of frameworks."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from filelock import FileLock

from core.settings import Settings
from core.storage.atomic import atomic_path

FILE: Final = "speeds.json"
# From fewer images the number would be mostly that of starting up.
LEAST_IMAGES: Final = 64


@dataclass
class Speedometer:
    """Listens to the progress of a pass over images; what was done before its first report is not counted.

    Attributes:
        images: Images done between the first report and the last.
        seconds: Time between them.
    """

    images: int = 0
    seconds: float = 0.0
    _first: tuple[int, float] | None = None

    def __call__(self, done: int, _total: int) -> None:
        """Hear that so many images are done."""
        if not done:
            return
        now = time.monotonic()
        self._first = self._first or (done, now)
        self.images, self.seconds = done - self._first[0], now - self._first[1]


def record_speed(settings: Settings, network: str, speedometer: Speedometer) -> None:
    """Keep how many images a second a network took in, decoding included, unless it saw too few to tell.

    Args:
        settings: Where it is kept.
        network: Name of the network.
        speedometer: What it heard.
    """
    if speedometer.images < LEAST_IMAGES or not speedometer.seconds:
        return
    path = settings.workspace / FILE
    with suppress(OSError), FileLock(path.with_suffix(".lock")):  # a full disk fails no training for this
        speeds = read_speeds(settings) | {network: speedometer.images / speedometer.seconds}
        with atomic_path(path) as part:
            part.write_text(json.dumps(speeds), encoding="utf-8")


def read_speeds(settings: Settings) -> dict[str, float]:
    """Images a second of each network that was measured here; a file that cannot be read is none."""
    try:
        found = json.loads((settings.workspace / FILE).read_text(encoding="utf-8"))
        return {str(name): float(speed) for name, speed in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
