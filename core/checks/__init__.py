"""Checks of the images: one file a check, one shape of result for all.

- `dataset`: what every check reads. One row an image, with what was measured at intake and features if there are any.
- `result`: what every check gives. A score and a flag an image, sets of images that belong together, a sentence, and a
  repair that one click makes.
- `registry`: all checks. The page and the command line draw them with one function.

To add a check, add a file with a function `(dataset: Dataset) -> Result`, and a line in `registry`. Checks are pure:
they read no files and change nothing. Repairs are edits of the catalog (`repairs`) and can be undone.
"""
