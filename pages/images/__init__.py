"""The Images page and its panels."""
