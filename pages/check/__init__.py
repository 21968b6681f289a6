"""The Check page and its panels."""
