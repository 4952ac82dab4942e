"""What is to be watched: `watch.toml` and the command line, checked."""
