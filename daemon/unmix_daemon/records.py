"""Dataclasses as JSON text and back: for SQLite columns and for the pipe to a worker."""

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def dump(value: "DataclassInstance") -> str:
    """One line of JSON; infinities are kept (`-Infinity`), as a silent stem's level is one."""
    return json.dumps(asdict(value), ensure_ascii=False)


def dump_optional(value: "DataclassInstance | None") -> str | None:
    """The same, and None for None."""
    return None if value is None else dump(value)


def load(kind: type[T], text: str) -> T:
    """The inverse of `dump`. Raises ValueError when the text is not of this kind."""
    return build(kind, json.loads(text))


def load_optional(kind: type[T], text: str | None) -> T | None:
    """The inverse of `dump_optional`. Raises ValueError."""
    return None if text is None else load(kind, text)


def build(kind: type[T], fields: Any) -> T:
    """A dataclass from nested plain values. Raises ValueError (pydantic's ValidationError is one)."""
    return _adapter(kind).validate_python(fields)


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)
