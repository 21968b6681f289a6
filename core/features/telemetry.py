"""OpenVINO's telemetry off.

Importing OpenVINO, and each conversion, would send the system, the versions and a random number that stands for the
person to Google Analytics, unless a file in their home folder forbids it. It does without its telemetry package, so
that package cannot be imported here: nothing depends on the person's home folder or on a flag being read in time.
"""

import sys

TELEMETRY = "openvino_telemetry"


def disable_telemetry() -> None:
    """Keep OpenVINO from sending anything; before its first import in this process.

    Raises:
        RuntimeError: Its telemetry was imported already.
    """
    if sys.modules.get(TELEMETRY) is not None:
        raise RuntimeError(f"{TELEMETRY} was imported before it was switched off")
    # https://docs.python.org/3/reference/import.html#the-module-cache: None makes its import fail.
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
