"""Hostile files and killed processes: one command each, and a short run of both in CI."""
