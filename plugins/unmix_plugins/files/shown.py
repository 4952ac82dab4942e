"""Paths in sentences."""

from pathlib import Path


def shown(path: Path | str) -> str:
    """A path for messages, logs and gRPC: bytes that are no UTF-8 as `\\xNN`, control characters escaped."""
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
