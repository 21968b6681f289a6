"""Classifies images: python predict.py IMAGE_OR_FOLDER..."""

import sys
from pathlib import Path

import keras
from preprocess import ImageReader, ood_score, read_labels

here = Path(__file__).parent
model = keras.models.load_model(here / "model.keras")
outputs = keras.Model(model.input, [model.output, model.get_layer("logits").input])
classes, reader = read_labels(here), ImageReader(sys.argv[1:], here)
for path, pixels in reader:
    probabilities, features = (keras.ops.convert_to_numpy(one)[0] for one in outputs(pixels[None]))
    best = probabilities.argmax()
    note = " - unlike the training images: none of these?" if (ood_score(features, here) or 0) > 1 else ""
    print(f"{path}: {classes[best]} ({probabilities[best]:.1%}){note}")
reader.exit()
