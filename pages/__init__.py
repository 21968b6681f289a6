"""Everything that a browser shows: a folder for each page, thin; the work is done in `core`."""
