"""What the watcher knows of every recording, in SQLite."""
