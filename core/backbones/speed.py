"""Images per second of networks on this machine, measured by trainings. Free of frameworks."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from filelock import FileLock

from core.settings import Settings
from core.storage.atomic import atomic_path

FILE: Final = "speeds.json"
# With fewer images, the time of starting up would dominate.
MIN_IMAGES: Final = 64


@dataclass
class Speedometer:
    """Measures the speed of computing images from reports of its progress, without the first report.

    Attributes:
        images: Images computed between the first and the last report.
        seconds: Time between them.
    """

    images: int = 0
    seconds: float = 0.0
    _first: tuple[int, float] | None = None

    def __call__(self, done: int, _total: int) -> None:
        """Receive the number of computed images."""
        if not done:
            return
        now = time.monotonic()
        self._first = self._first or (done, now)
        self.images, self.seconds = done - self._first[0], now - self._first[1]


def record_speed(settings: Settings, network: str, speedometer: Speedometer) -> None:
    """Store the images per second of a network, including decoding, if enough images were computed.

    Args:
        settings: Location of the file.
        network: Name of the network.
        speedometer: The measurement.
    """
    if speedometer.images < MIN_IMAGES or not speedometer.seconds:
        return
    path = settings.workspace / FILE
    with suppress(OSError), FileLock(path.with_suffix(".lock")):  # a full disk must not fail the training
        speeds = read_speeds(settings) | {network: speedometer.images / speedometer.seconds}
        with atomic_path(path) as part:
            part.write_text(json.dumps(speeds), encoding="utf-8")


def read_speeds(settings: Settings) -> dict[str, float]:
    """Images per second of each network that was measured; empty if the file cannot be read."""
    try:
        found = json.loads((settings.workspace / FILE).read_text(encoding="utf-8"))
        return {str(name): float(speed) for name, speed in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
