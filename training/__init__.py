"""How the networks of our own are made; nothing here is part of the product."""
