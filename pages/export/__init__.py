"""The Export page and its panels."""
