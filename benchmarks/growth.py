"""One run on so many drawn images, in a process of its own: `python -m benchmarks.growth IMAGES`.

Prints as JSON the seconds of the run and the most memory that the process held, in bytes.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.ours import recipe_for, run
from benchmarks.peers import Task
from benchmarks.photographs import drawn

BACKBONE = "MobileNetV2_050_96"
EPOCHS = 3
KIB = 1024


def measure(count: int) -> dict[str, float]:
    """Train a head on features, from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        photographs = drawn(count, Path(folder), keras_home=Path(folder))
        task = Task(photographs.folder, BACKBONE, pretrained=False, epochs=EPOCHS, fine_tune_epochs=1)
        trial, outcome = run(photographs, recipe_for(task, seed=0), Path(folder) / "out", test=False)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else KIB)
        return {"images": count, "seconds": trial.seconds, "features": outcome.seconds["features"], "peak": peak}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
