"""Evaluation: what a finished run is worth, measured on images it was not trained on, with the uncertainty.

Decides how good a model is, where and why it fails, and whether two runs really differ. Leaves the training to
`core.training` and the export to `core.export`.

`metrics`, `report`, `inference.predictions`, `explanation.overlay` and `rendering` (without `tensorboard`) need no
framework and serve the web process too. `evaluate`, the rest of `inference` and `explanation`, and
`rendering.tensorboard` import Keras or TensorFlow and run in workers only.
"""
