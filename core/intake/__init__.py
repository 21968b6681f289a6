"""From files anywhere to verified images in the store.

- `plan` holds the rules by which an image gets its class, split and group, and applies them. It uses `layout`
  (folders), `table`, `spreadsheet`, `table_rows` and `matching` (tables), `guess` (file names) and `vocabulary`.
- `opening` decides what kind of source a path is; `sources` (folders, files), `archives` (zip, tar) and `links` (URLs,
  downloaded by `web`) list their files and decide which of them may be read.
- `ingestion` reads each file; `results` holds what comes out, `rejection_messages` the reasons and notes.
- `decoder_pool` runs `decoder_process` in child processes and talks to it through `ipc`. There, `decode_rgb` (with
  `high_bit_depth`) decides whether a file is an image and which pixels it has, `image_statistics` measures it, and
  `photo_metadata` reads what the camera wrote.
- `formats` lists the suffixes of all files that are read; `file_names` divides and decodes their names.
- `samples` makes the sample sets that work offline; `public` downloads well-known ones.

Which image belongs to which project is decided in `core.catalog`, and which images are suspicious in `core.checks`.
Nothing is ever written under a name that a person or an archive gave.
"""
