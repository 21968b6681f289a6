"""What a worker does for each kind of job: `(context, spec) -> result`, named by the spec's `handler`."""
