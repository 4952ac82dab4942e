"""What the system gives this process, and what it is short of."""
