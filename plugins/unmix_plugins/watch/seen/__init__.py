"""Which recordings there are, and whether they are finished."""
