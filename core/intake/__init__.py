"""From bytes anywhere to verified images in the store.

- `opening` decides what kind of source a path is; `sources` (folders, files) and `archives` (zip, tar) list it and
  decide what of it may be read at all.
- `links` is a list of addresses in the web as a source, `web` fetches one of them.
- `layout` reads classes and splits off the folders, `table` off a table beside the images (`spreadsheet`: Excel),
  `guess` off the file names; `plan` decides which of them counts.
- `decoders` runs `decoder` in child processes and talks to it by `wire`. They decide whether a file is an image, by the
  rules of `upright` (how every picture becomes upright sRGB, for training too; from more than 8 bits: `deep`), and
  measure it by `statistics`.
- `taking` leads each file through all of this; `results` is what comes out; `reasons` says why a file was left out.
- `samples` makes the sample sets that work offline, `public` downloads well-known ones.

What belongs to which project is the catalog's business; which images are suspicious, though readable, that of
`core.checks`. Nothing here is ever written under a name that a person or an archive gave.
"""
