"""What a worker does for each kind of job, one function a kind; a worker imports only those it needs."""
