"""All that a browser shows: one script a page, thin: read, draw, call `core`."""
