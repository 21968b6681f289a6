"""Compares Graft with its peers in one run on one machine: `python -m benchmarks.speed [--short]`.

    GRAFT_TEST_DATA=... KERAS_HOME=... python -m benchmarks.speed --out results.md

Peers: the script of Keras' transfer learning guide; the expert's script that calls `predict` once and fits a head on
arrays; scikit-learn's logistic regression on the same features; OpenVINO's `benchmark_app`;
`image_dataset_from_directory`. Same images, split, seeds, head, optimizer, rates and epochs. Rounds are interleaved;
the tables show medians of the elapsed time and of the processor time, which a busy machine hardly changes. Imports and
saving the model are excluded on both sides, decoding is included. "Cold" means no activations and no working copies,
but a warm worker with the network built and converted; the time for that is reported separately.

`--short` uses synthetic images, random weights and one round: it shows that everything runs, not how fast.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.clock import machine
from benchmarks.peers import Task
from benchmarks.photographs import from_zip, synthetic
from benchmarks.sections import Bench, feature_extraction, fine_tuning, growth, intake, scaled_decoding, throughput
from benchmarks.service import agreement, classroom, end_services, response
from benchmarks.training_loop import training_loop

DATA = "GRAFT_TEST_DATA"
SECTIONS: dict[str, Callable[[Bench], Iterator[str]]] = {
    "feature-extraction": feature_extraction,
    "fine-tuning": fine_tuning,
    "training-loop": training_loop,
    "throughput": throughput,
    "intake": intake,
    "scaled-decoding": scaled_decoding,
    "agreement": agreement,
    "response": response,
    "classroom": classroom,
    "growth": growth,
}


def main() -> None:
    """Measure the chosen sections and print each as soon as it is finished."""
    parser = _parser()
    choices = parser.parse_args()
    if not choices.short and DATA not in os.environ:
        parser.error(f"set {DATA} to the folder of the sample sets, or use --short")
    with tempfile.TemporaryDirectory(prefix="graft-speed-") as folder:
        bench = _prepare(choices, Path(folder))
        pieces = [f"Measured on {machine()}; medians of {bench.rounds}.\n"]
        print(pieces[0], flush=True)
        try:
            for name in choices.sections or SECTIONS:
                pieces.append(f"\n## {name}\n")
                for piece in SECTIONS[name](bench):
                    pieces.append(piece)
                    print(piece, flush=True)
        finally:
            end_services(Path(folder))
    if choices.out:
        choices.out.write_text("\n".join(pieces), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure Graft beside its peers.")
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    parser.add_argument(
        "--set", type=Path, help="zip with one folder per class (default: flowers5_small of the test data)"
    )
    parser.add_argument("--backbone", default="MobileNetV2", help="a MobileNet or MobileNetV2 (%(default)s)")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of the head (%(default)s)")
    parser.add_argument(
        "--fine-tune-epochs", type=int, default=5, help="epochs of the last block (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each method is measured (default: %(default)s)"
    )
    parser.add_argument(
        "--seeds", type=int, default=10, help="number of seeds that accuracies are averaged over (default: %(default)s)"
    )
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, help="default: all")
    parser.add_argument("--out", type=Path, help="file for the tables, in Markdown")
    return parser


def _prepare(choices: argparse.Namespace, folder: Path) -> Bench:
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    if choices.short:
        photographs = synthetic(60, folder / "photographs", keras_home)
        task = Task(photographs.folder, "MobileNet025", pretrained=False, epochs=2, fine_tune_epochs=1)
        return Bench(task, photographs, folder, rounds=1, seeds=1, short=True)
    sets = Path(os.environ[DATA]) / "sets"
    photographs = from_zip(choices.set or sets / "flowers5_small.zip", folder / "photographs", keras_home)
    task = Task(photographs.folder, choices.backbone, True, choices.epochs, choices.fine_tune_epochs)
    return Bench(task, photographs, folder, choices.rounds, choices.seeds, short=False, sets=sets)


if __name__ == "__main__":
    main()
