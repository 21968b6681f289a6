"""Downloading ImageNet weights ahead of a training."""

from typing import Any

from core.backbones import weights
from core.backbones.zoo import find_backbone
from core.jobs.worker import JobContext


def download(context: JobContext) -> dict[str, Any]:
    """Download the weights of a backbone to where Keras looks for them. Argument of the job: `backbone`, its name."""
    spec = find_backbone(context.job.arguments["backbone"])
    tell = context.progress(f"Downloading the weights of {spec.name}", unit="bytes")
    weights.download(spec, context.settings.keras_home, tell)
    return {}
