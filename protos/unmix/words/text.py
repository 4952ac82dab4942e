"""Text that comes from file names and command lines, as the contract can carry it."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def as_text(name: str) -> str:
    """UTF-8 can hold the result: lone surrogates, as which Python keeps bytes that are no text, become U+FFFD."""
    return _SURROGATE.sub("\ufffd", name)
