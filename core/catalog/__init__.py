"""What Graft remembers: projects, labels, items, jobs, events, runs in a database, and the image files beside it.

- `schema` decides the tables, `migrations` how an older catalog becomes a newer one.
- `database` decides how a transaction behaves and which sentence a person reads when the disk does not cooperate.
- `projects`, `labels`, `items`, `edits`, `jobs`, `runs` are the only readers and writers of their tables: plain
  functions that take a `Database` and give frozen records.
- `originals` keeps the files themselves, once each, by digest.

Leaves to others: what is a usable image (`core.intake`), how a split is drawn (`core.dataset`), what a recipe or an
event means (`core.training`): the catalog keeps both as JSON.
"""
