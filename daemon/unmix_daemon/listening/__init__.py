"""Where the daemon can be reached (`addresses`), and what it is known by there (`certificate`)."""
