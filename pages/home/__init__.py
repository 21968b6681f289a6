"""The Home page and its panels."""
