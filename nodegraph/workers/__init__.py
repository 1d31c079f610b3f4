"""Worker processes: the pool, one process, and the way out of a job."""
