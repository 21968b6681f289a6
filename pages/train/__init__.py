"""The Train page and its panels."""
