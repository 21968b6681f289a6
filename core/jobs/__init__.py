"""Where work is done: outside the web process.

- `queue` is what a page calls: it writes a row into the catalog, and starts the dispatcher if none is alive.
- `dispatcher` is a detached process that owns a Dask cluster of this machine. It hands waiting rows to workers, writes
  the end of the story of those whose process died, and leaves when nobody has wanted anything for long.
- `worker` executes one job in a worker process: it turns what a task does, gives or raises into events.
- `tasks` is the registry of what can be asked for, by name, so that the web process imports no task.

The two sides meet only in the catalog and in files: any web process may go, come back, or look on.
"""
