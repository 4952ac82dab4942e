"""Dataclasses as JSON text and back: for SQLite columns and for the pipe to a worker."""

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def dump(value: "DataclassInstance | None") -> str | None:
    """One line of JSON; infinities are kept (`-Infinity`), as a silent stem's level is one."""
    return None if value is None else json.dumps(asdict(value), ensure_ascii=False)


def load(kind: type[T], text: str | None) -> T | None:
    """The inverse of `dump`. Raises pydantic.ValidationError when the text is not of this kind."""
    return None if text is None else _adapter(kind).validate_python(json.loads(text))


def build(kind: type[T], fields: Any) -> T:
    """A dataclass from nested plain values. Raises pydantic.ValidationError."""
    return _adapter(kind).validate_python(fields)


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)
