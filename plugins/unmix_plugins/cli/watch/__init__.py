"""`unmix watch`."""
