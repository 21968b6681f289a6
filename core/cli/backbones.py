"""`python -m core backbones`: list the available networks."""

import argparse
import json

from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec
from core.settings import Settings


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Print a row for every network, or an object with `--json`."""
    if options.json:
        print(json.dumps([_row(spec, settings) for spec in BACKBONES.values()]))
        return
    print(f"{'name':<20}{'input':>6}{'parameters':>13}{'layers':>8}{'cuts':>6}{'top-1':>8}  here")
    for spec in BACKBONES.values():
        top1 = "" if spec.top1 is None else f"{spec.top1:.1%}"
        here = "yes" if available(spec, settings.keras_home) else "no"
        print(
            f"{spec.name:<20}{spec.input_size:>6}{spec.parameters:>13,}{spec.layers:>8}{len(spec.cuts):>6}"
            f"{top1:>8}  {here}"
        )


def _row(spec: BackboneSpec, settings: Settings) -> dict[str, object]:
    return {
        "name": spec.name,
        "family": spec.family,
        "input_size": spec.input_size,
        "parameters": spec.parameters,
        "layers": spec.layers,
        "file_megabytes": spec.file_megabytes,
        "top1": spec.top1,
        "top5": spec.top5,
        "cuts": [{"name": cut.name, "label": cut.label, "layers": cut.layers} for cut in spec.cuts],
        "weights_here": available(spec, settings.keras_home),
    }
