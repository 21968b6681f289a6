"""Files: atomic writes, image files by digest, a bounded cache of arrays, and disk errors as sentences.

- `atomic` is the only way in which a file or folder comes to its path.
- `disk` is the only place that words an error of the disk.
- `workspace` keeps the folder private and its logs bounded.
- `blobs` stores originals and thumbnails under the digest of the original.
- `tables` is the only writer of CSV.
- `arrays` decides which computed rows stay on the disk and which go first; `shards` is their file format.
"""
