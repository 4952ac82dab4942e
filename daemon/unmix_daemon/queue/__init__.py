"""What waits and runs: the scheduler, whose turn it is, and what those who wait are told."""
