"""Text that comes from file names and command lines, as the contract can carry it."""


def as_text(name: str) -> str:
    """UTF-8 can hold the result: bytes that are no text, which Python keeps as lone surrogates, become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
