"""What the user sees: text, tables, bars, JSON, and where outputs go."""
