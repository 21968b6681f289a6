"""`python -m core predict`: classify images with a trained model."""

import argparse
import json

from core.settings import Settings


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Print the most probable class of each image, or with `--json` all probabilities."""
    from core.export.predictor import Predictor
    from core.training.serving import MODEL_FILE

    predictor = Predictor(options.model / MODEL_FILE if options.model.is_dir() else options.model)
    probabilities = predictor.predict(options.images)
    results = [
        {"file": str(image), "class": predictor.classes[int(row.argmax())], "confidence": float(row.max())}
        | {"probabilities": dict(zip(predictor.classes, map(float, row), strict=True))}
        for image, row in zip(options.images, probabilities, strict=True)
    ]
    if options.json:
        print(json.dumps(results))
        return
    for result in results:
        print(f"{result['file']}: {result['class']} ({result['confidence']:.1%})")
