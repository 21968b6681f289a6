"""The database: projects, labels, items, jobs, events and runs.

- `schema` defines the tables, `migrations` how an older catalog becomes a newer one.
- `database` defines how a transaction behaves and which sentence describes an error of the disk.
- `projects`, `labels`, `items`, `edits`, `jobs`, `runs` are the only readers and writers of their tables: plain
  functions that take a `Database` and return frozen records.
- `cleanup` removes files that no row refers to any more. The files themselves are in `core.storage.blobs`.

Not decided here: what a usable image is (`core.intake`), how splits are drawn (`core.dataset`), and what a recipe
(`core.training`) or an event (`core.jobs`) means. The catalog stores both as JSON.
"""
