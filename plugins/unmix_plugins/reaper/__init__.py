"""REAPER: the scripts that run inside it, their installation, and the process that serves them."""
