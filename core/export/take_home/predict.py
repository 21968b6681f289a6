"""What the model says about pictures: python predict.py PICTURE..."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageOps

here = Path(__file__).parent
model = keras.models.load_model(here / "model.keras")
classes = json.loads((here / "labels.json").read_text(encoding="utf-8"))
for name in sys.argv[1:]:
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    probabilities = np.asarray(model(np.asarray(picture)[np.newaxis]))[0]
    best = probabilities.argmax()
    print(f"{name}: {classes[best]} ({probabilities[best]:.1%})")  # noqa: T201 - a script prints
