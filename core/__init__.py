"""Everything that works without a browser."""
