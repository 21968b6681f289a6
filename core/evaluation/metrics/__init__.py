"""Numbers that say how good predictions are, each with its uncertainty."""
