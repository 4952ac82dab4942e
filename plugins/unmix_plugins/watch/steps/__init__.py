"""A recording's way: taken in, submitted, delivered, put away or given up."""
