"""Who hears of it: the terminal, a program, a server."""
