"""Grad-CAM on every network: whether it finds the region that supports a class, and how long it takes."""

import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from benchmarks.clock import table
from core.backbones.zoo import BACKBONES, BackboneSpec
from core.evaluation.explanation.saliency import grad_cam
from core.evaluation.inference.served_model import ServedModel
from core.training.serving import save_model
from tests.planted_answer import CLASSES, TARGET_CLASS, noise_in_a_quarter, plant_answer, share_in_quarter, untrained

QUARTERS = ((0, 0), (1, 0))
TIMES = 3


def zoo_heat() -> str:
    """Measure on noise in a quarter of a grey square, with a head that reads that quarter; random weights."""
    rows = [_row(spec) for spec in BACKBONES.values()]
    head = ("network", "pixels", "last maps", "heat in the right quarter (least of two)", "one image, warm (s)")
    return table("Grad-CAM of every network, exported and loaded anew (goal: < 2 s)", head, rows)


def _row(spec: BackboneSpec) -> tuple[str, int, str, str, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = save_model(untrained(spec, spec.input_size), CLASSES, Path(folder))
        keras.backend.clear_session()
        served = ServedModel.load(path)
    shares, seconds = [], []
    maps = served.last_maps(np.zeros((1, served.size, served.size, 3), np.uint8))  # compiles, as `Predictor` does
    for quarter in QUARTERS:
        square = noise_in_a_quarter(spec.input_size, quarter)
        plant_answer(served, square, quarter)
        shares.append(share_in_quarter(grad_cam(served, square, TARGET_CLASS), quarter))
        for _ in range(TIMES):
            began = time.perf_counter()
            grad_cam(served, square, TARGET_CLASS)
            seconds.append(time.perf_counter() - began)
    keras.backend.clear_session()
    height, width, channels = maps.shape[1:]
    size_of_maps = f"{height} x {width} x {channels}"
    return spec.name, spec.input_size, size_of_maps, f"{min(shares):.1%}", f"{statistics.median(seconds):.2f}"
