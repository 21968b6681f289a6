"""Classifies images: python predict.py IMAGE..."""

import json
import sys
from pathlib import Path

import keras
from preprocess import read_input, read_rgb  # type: ignore[import-not-found] # lies beside it in a bundle

here = Path(__file__).parent
model = keras.models.load_model(here / "model.keras")
classes = json.loads((here / "labels.json").read_text(encoding="utf-8"))
*_, background = read_input(here)
for name in sys.argv[1:]:
    pixels = read_rgb(name, background)
    probabilities = keras.ops.convert_to_numpy(model(pixels[None]))[0]
    best = probabilities.argmax()
    print(f"{name}: {classes[best]} ({probabilities[best]:.1%})")  # noqa: T201 - a script prints
