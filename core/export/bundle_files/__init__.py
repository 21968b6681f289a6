"""Files that are copied into a bundle; they do not use Graft."""
