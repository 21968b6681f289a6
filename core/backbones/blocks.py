"""The block of a network that a layer belongs to, from its name.

Each family of networks has its own naming scheme. A layer that was numbered by Keras belongs to the block of the layer
that feeds it.
"""

import re
from collections.abc import Mapping

STEM = "stem"
TOP = "top"
WHOLE = "whole backbone"

# By family: pattern of a layer name -> name of the block. The first matching pattern decides.
PATTERNS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Starter": ((r"^block(\d+)(?:_|$)", "block {0}"),),
    "VGG": ((r"^block(\d+)_", "block {0}"),),
    "ResNet": ((r"^conv(\d+)_block(\d+)_", "stage {0} block {1}"),),
    "ResNetV2": ((r"^conv(\d+)_block(\d+)_", "stage {0} block {1}"), (r"^post_", TOP)),
    "DenseNet": (
        (r"^conv(\d+)_block(\d+)_", "stage {0} block {1}"),
        (r"^pool(\d+)_", "transition {0}"),
        (r"^(?:bn|relu)$", TOP),
    ),
    "Inception": ((r"^mixed(\d+)$", "mixed {0}"),),
    "InceptionResNet": (
        (r"^mixed_(\w+)$", "mixed {0}"),
        (r"^block(\d+)_(\d+)_", "block {0}-{1}"),
        (r"^conv_7b", TOP),
    ),
    "Xception": ((r"^block(\d+)_", "block {0}"),),
    "MobileNet": ((r"^conv_(?:pad|dw|pw)_(\d+)", "block {0}"),),
    "MobileNetV2": (
        (r"^block_(\d+)_", "block {0}"),
        (r"^expanded_conv_", "block 0"),
        (r"^(?:Conv_1|out_relu)", TOP),
    ),
    "MobileNetV3": (
        (r"^expanded_conv_(\d+)_", "block {0}"),
        (r"^expanded_conv_", "block 0"),
        (r"^conv_1", TOP),
    ),
    "EfficientNet": ((r"^block(\d+\w)_", "block {0}"), (r"^top_", TOP)),
    "EfficientNetV2": ((r"^block(\d+\w)_", "block {0}"), (r"^top_", TOP)),
    "ConvNeXt": (
        (r"_stage_(\d+)_block_(\d+)_", "stage {0} block {1}"),
        (r"_downsampling_block_(\d+)$", "downsampling {0}"),
        (r"_layer_normalization_\d+$", TOP),
    ),
    "NASNet": (
        (r"_stem_(\d+)$", "stem cell {0}"),
        (r"_reduce_(\d+)$", "reduction cell {0}"),
        (r"^(?:normal|adjust|separable|reduction)_\w*_(\d+)$", "cell {0}"),
    ),
}


def block_of(family: str, layer: str, feeding: str) -> str:
    """Name of the block that a layer belongs to.

    Args:
        family: Key of `PATTERNS`.
        layer: Name of the layer or operation.
        feeding: Block of the layer that feeds it.
    """
    for pattern, label in PATTERNS[family]:
        if found := re.search(pattern, layer):
            return label.format(*found.groups())
    return feeding
