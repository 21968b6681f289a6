"""The report of a run: its parts, how they are computed from predictions, and its JSON Schema."""
