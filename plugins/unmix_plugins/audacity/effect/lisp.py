"""The little of XLISP's printed form that effects send: lists, numbers, strings, symbols."""

import re
from typing import cast

Value = str | float | list["Value"]
"""A list, a number, or the text of a string or symbol."""

_TOKEN = re.compile(r'\s*(?:(?P<open>#?\()|(?P<close>\))|"(?P<string>(?:\\.|[^"\\])*)"|(?P<atom>[^\s()"]+))')
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"f": b"\f"}
_DEEPEST = 32


def read(said: str) -> Value:
    """Read one value; arrays, `#(…)`, become lists. Raises ValueError."""
    top: list[Value] = []
    stack = [top]
    at = 0
    while match := _TOKEN.match(said, at):
        at = match.end()
        if match["open"]:
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif match["close"]:
            stack.pop()
        elif (string := match["string"]) is not None:
            stack[-1].append(_unescaped(string))
        else:
            stack[-1].append(_atom(match["atom"]))
        if not 0 < len(stack) <= _DEEPEST:
            raise ValueError("lists that do not close")
    if said[at:].strip() or len(stack) != 1 or len(top) != 1:
        raise ValueError("not one list")
    return top[0]


def text(said: str) -> str:
    r"""The text of a string printed with `~s`: quoted, control characters and non-ASCII bytes as \ooo.

    XLISP leaves quotes inside as they are, so only the outer two are taken off.
    """
    inner = said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    return "" if inner == "NIL" and inner is said else _unescaped(inner)


def items(value: Value) -> list[Value]:
    """The items of a list; an atom has none."""
    return value if isinstance(value, list) else []


def numbers(value: Value) -> list[float]:
    """A list of numbers. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(item, float) for item in value):
        raise ValueError("not a list of numbers")
    return cast("list[float]", value)


def _atom(said: str) -> Value:
    """NIL is the empty list."""
    if said.upper() == "NIL":
        return []
    try:
        return float(said)
    except ValueError:
        return said


def _unescaped(said: str) -> str:
    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _NAMED.get(code, code)

    return _ESCAPE.sub(byte, said.encode()).decode("utf-8", "replace")
