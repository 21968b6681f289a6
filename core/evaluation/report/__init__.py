"""Report: its schema, how it is computed from predictions, and the JSON Schema for other programs."""
