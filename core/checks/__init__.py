"""What is wrong with the images: one file a check, one shape of result for all.

- `dataset` is what every check reads: one row an image, measured at intake, features where there are any.
- `result` is what every check gives: a score and a flag an image, sets of images that belong together, a sentence,
  and a repair that one click makes.
- `registry` knows all checks; the page and the command line draw them with one function.

To add a check: a file here with a function `(dataset: Material) -> Result`, and a line in `registry`. Checks are
pure: they read no files and change nothing. Repairs are edits of the catalog, made by who shows the result, and can
be undone.
"""
