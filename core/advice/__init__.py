"""What to choose and why, in sentences with their evidence.

Decides what is proposed to a person who has not chosen yet (`start`, `backbones`), which strategy suits how many images
(`strategy`), and how the other choices follow when one changes (`changes`). Leaves to others: whether a choice is
possible (`core.training.recipe`, `core.training.plan`). Framework-free, for the web process too.
"""
