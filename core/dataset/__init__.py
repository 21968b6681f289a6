"""From stored images to what a training reads: labels, groups, splits, pixels.

- `manifest` defines the data of a training and whether it makes a training possible; `project` makes it from the
  catalog, `manifest_file` stores it beside a run.
- `issues` finds what classes and splits lack.
- `duplicates` finds stored images of one picture or scene by `near_duplicates`, which takes its candidates from
  `duplicate_candidates` and compares them by `same_picture` and `local_features`; `grouping` decides which images must
  stay in one split.
- `splits` decides which image belongs to train, validation and test.
- `pixels` decides how a file becomes the square input of a network (colours and rotation: `core.intake.decode_rgb`).
- `archive` exports the images as a zip that can be imported again without loss.

Which images a project has, and what a person decided about them, is stored by `core.catalog`; `core.features` computes
what a frozen network makes of the pixels.
"""
