"""The run itself: recipe -> plan -> loop -> checkpoints.

Decides how a network is trained. Leaves to others: which pixels an image has (`core.dataset`), what a backbone is
(`core.backbones`), how its frozen prefix is computed (`core.features`), what the result is worth (`core.evaluation`).
`recipe` and `events` import no framework: the web process reads and writes both.
"""
