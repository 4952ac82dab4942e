"""`unmix reaper-run`: what the script inside REAPER asks, done by the daemon and told line by line."""
