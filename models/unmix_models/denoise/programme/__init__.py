"""A recording that holds more than one thing: each stretch gets what does it good."""
