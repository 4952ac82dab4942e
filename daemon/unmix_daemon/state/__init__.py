"""What outlives the process: jobs and their events in SQLite, and their files."""
