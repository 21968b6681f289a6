"""Classifies images: python predict.py IMAGE_OR_FOLDER... [--out table.csv]."""

from pathlib import Path

import keras
from output import Output
from preprocess import ood_score, read_labels

here = Path(__file__).parent
model = keras.models.load_model(here / "model.keras")
outputs = keras.Model(model.input, [model.output, model.get_layer("logits").input])
output = Output(read_labels(here), here)
for path, pixels in output.images():
    probabilities, features = (keras.ops.convert_to_numpy(one)[0] for one in outputs(pixels[None]))
    output.add(path, pixels, probabilities, ood_score(features, here))
output.end()
