"""Which parts of an image a prediction depends on."""
