"""One run on synthetic images in a separate process: `python -m benchmarks.growth IMAGES`.

Prints as JSON the seconds of the run and the peak memory of the process in bytes.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.ours import recipe_for, run
from benchmarks.peers import Task
from benchmarks.photographs import synthetic

BACKBONE = "MobileNetV2_050_96"
EPOCHS = 3
KIB = 1024


def measure(count: int) -> dict[str, float]:
    """Train a head on features, with empty caches."""
    with tempfile.TemporaryDirectory() as folder:
        photographs = synthetic(count, Path(folder), keras_home=Path(folder))
        task = Task(photographs.folder, BACKBONE, pretrained=False, epochs=EPOCHS, fine_tune_epochs=1)
        trial, result = run(photographs, recipe_for(task, seed=0), Path(folder) / "out", test=False)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else KIB)
        return {"images": count, "seconds": trial.seconds, "features": result.seconds["features"], "peak": peak}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
