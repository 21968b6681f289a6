"""The Model page and its panels."""
