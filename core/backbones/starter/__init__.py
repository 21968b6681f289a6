"""The starter backbone: a small network pretrained on images that formulas draw.

`images` and `sheet` are free of any framework; `network` and `pretrain` are for workers and the command line.
"""
