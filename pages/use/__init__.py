"""The Use page and its panels."""
