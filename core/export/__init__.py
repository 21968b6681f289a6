"""What a person takes home: the model in formats that were certified, with all that is needed to use and trust it.

Decides what a bundle holds and proves that each file in it answers as the app does. Leaves to others: how good the
model is (`core.evaluation`). `card` imports no framework; all other modules are worker only.
"""
