"""Files: atomic writes, image files by digest, a bounded cache of arrays, and the errors of the disk."""
