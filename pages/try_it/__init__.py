"""The Try it page and its panels."""
