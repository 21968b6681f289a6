"""Work outside the web process.

- `specs` describes every kind of job, for pages and workers: typed arguments, typed result, and the handler by name.
- `events` are what a worker reports about a job.
- `queue` is what a page calls: it adds a row to the catalog, and starts the dispatcher if none is alive.
- `dispatcher` is a detached process that owns a Dask cluster on this machine. It hands one queued job to each idle
  worker, writes the last event of jobs whose process died, and exits when nothing was queued for long.
- `worker` executes one job in a worker process: it stores what the handler reports, returns or raises.
- `handlers` do the work; the command line shares `pipeline` (a training) and `advise` and
  `recipe_search` (measurements of choices, with the trainings of `trials`).

Pages and workers meet only in the catalog and in files, so any web process may end or start meanwhile.
"""
