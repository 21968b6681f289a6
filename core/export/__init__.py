"""Export: the model in certified formats, with everything that is needed to use it.

Decides what a bundle contains and verifies that each file in it gives the app's predictions. Leaves the quality of the
model to `core.evaluation`. `card`, `certificate` and `formats` import no framework; the other modules run in workers
only.
"""
