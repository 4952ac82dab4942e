"""Watched folders: what lands in one comes out clean."""
