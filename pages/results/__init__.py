"""The Results page and its panels."""
