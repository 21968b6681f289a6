"""What a finished run is worth: measured on images it never learned from, with how sure that is.

Decides how good a model is, how sure that is, where and why it fails, and whether two runs really differ. Leaves to
others: how the model came to be (`core.training`) and how a person takes it home (`core.export`).

Framework-free, for the web process too: `metrics`, `curves`, `intervals`, `calibration`, `baselines`, `report`,
`predictions`, `fitting`, `space`, `compare`, `transfer`, `overlay`. Worker only: `served`, `look`, `evaluate`,
`explain`, `tensorboard`.
"""
