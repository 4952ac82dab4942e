"""Text of others: file names, names that clients give, and what errors say, as the contract can carry it.

All that is told is bounded, and so is all that is taken: a page of jobs, an error and a line to a worker have their
limits, and no one text may use them up.
"""

import re

from unmix.words.faults import FieldError

MOST_NAME = 100
"""Characters of a name: of a model (imported ones have 64 at most), a format, a depth, a device."""
MOST_FILE_NAME = 4096
"""Characters; the PATH_MAX of Linux, for clients that send a path where a name would do."""
MOST_SHOWN = 200
"""Characters of a client's own text that a sentence repeats."""
MOST_SENTENCE = 600
"""Characters: gRPC has 8 KiB for an error, in which it stands twice and each character may need nine bytes."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_text(text: str, most: int | None = None) -> str:
    """The text as UTF-8 can hold it, and where `most` is given in no more characters, of which the last is `…` then.

    Lone surrogates, as which Python keeps bytes that are no text, become U+FFFD.
    """
    plain = _SURROGATE.sub("\ufffd", text if most is None else text[: most + 1])
    return plain if most is None or len(plain) <= most else f"{plain[: most - 1]}…"


def shown(text: str) -> str:
    """A client's text in a sentence of ours: the beginning is enough to know it by."""
    return as_text(text, MOST_SHOWN)


def check_text(text: str, field: str, most: int = MOST_NAME) -> None:
    """Raises FieldError for what is longer than `most` characters."""
    if len(text) > most:
        raise FieldError(
            field,
            f"'{as_text(text, MOST_NAME)}' has {len(text)} characters, and {field} takes {most}: give a shorter one.",
        )
