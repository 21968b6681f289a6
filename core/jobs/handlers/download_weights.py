"""Downloading ImageNet weights ahead of a training."""

from core.backbones import weights
from core.backbones.zoo import find_backbone
from core.jobs.specs import DownloadWeightsResult, DownloadWeightsSpec
from core.jobs.worker import JobContext


def download_weights(context: JobContext, spec: DownloadWeightsSpec) -> DownloadWeightsResult:
    """Download the weights of a backbone to where Keras looks for them."""
    backbone = find_backbone(spec.backbone)
    on_progress = context.progress(f"Downloading the weights of {backbone.name}", unit="bytes")
    weights.download(backbone, context.settings.keras_home, on_progress)
    return DownloadWeightsResult()
