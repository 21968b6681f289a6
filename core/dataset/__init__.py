"""From stored images to what a training reads: labels, splits, pixels.

- `manifest` decides what a training's data is, and whether it makes a training possible; `project` makes it from the
  catalog, `manifest_file` keeps it beside a run.
- `splits` decides which image belongs to train, validation and test.
- `pixels` decides how a file becomes the square of a network (colours and rotation: `core.intake.decode_rgb`).
- `archive` writes the images as a zip that a person takes out, and that comes back in as it was.
- `arrays` decides what computed rows are kept on the disk, and which go first; `shards` is how they lie there.

Which images a project has, and what a person decided about them, is the catalog's business; what a frozen network
makes of the pixels is that of `core.features`.
"""
