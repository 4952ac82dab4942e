"""`watch.toml`: read, checked with messages that name the key and what it means, and read again when it changes."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from unmix.words import Task

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import ConfigError, WatchConfig
from unmix_plugins.watch.config.keys import Context, WatchKeys
from unmix_plugins.watch.config.layout import check_layout


def read_config(path: Path, environment: Mapping[str, str] = os.environ) -> WatchConfig:
    """Read and check a file. Raises ConfigError.

    Paths in it are relative to its own folder, or begin with `~`. Secrets are taken from `environment` or from files.
    """
    return _config(_read(path), path, environment)


def read_presets(path: Path, environment: Mapping[str, str] = os.environ) -> Mapping[str, Task]:
    """The presets of a file, which need not name any folder, and those that are always there. Raises ConfigError."""
    return _keys(_read(path), path, environment).all_presets()


class ConfigFile:
    """A file that may change while it is in use."""

    def __init__(self, path: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Name the file; it is read by `read` only."""
        self.path = path
        self._environment = environment
        self._stamp: object = None
        self._text = ""

    def read(self) -> WatchConfig:
        """The configuration as it is now. Raises ConfigError."""
        self._stamp = self._look()
        self._text = _read(self.path)
        return _config(self._text, self.path, self._environment)

    def reloaded(self) -> WatchConfig | None:
        """The new configuration when the file says something else than the last time; None when it does not.

        Raises ConfigError, once for each state of the file that is wrong: the old configuration goes on then.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        text = _read(self.path)
        if text == self._text:
            return None
        self._text = text
        return _config(text, self.path, self._environment)

    def _look(self) -> object:
        try:
            facts = self.path.stat()
        except OSError as error:
            return error.errno
        return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{shown(path)} does not exist: name another file.") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{shown(path)} cannot be read ({said}): check the file.") from error


def _config(text: str, path: Path, environment: Mapping[str, str]) -> WatchConfig:
    keys = _keys(text, path, environment)
    try:
        config = keys.config()
        check_layout(config.folders)
    except ConfigError as error:
        raise ConfigError(f"{shown(path)}: {error}") from error
    return config


def _keys(text: str, path: Path, environment: Mapping[str, str]) -> WatchKeys:
    try:
        context = Context(path.absolute().parent, environment)
        return WatchKeys.model_validate(tomllib.loads(text), context=context)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown(path)} is no TOML ({error}): correct that place.") from error
    except ValidationError as error:
        sentences = [_sentence(dict(problem)) for problem in error.errors()]
        raise ConfigError(f"{shown(path)}: {' '.join(sentences)}") from error


def _sentence(problem: dict[str, Any]) -> str:
    """What is wrong with one key: where it is, what it means, what was expected."""
    *where, key = problem["loc"]
    model, place = WatchKeys, ""
    for part in where:
        if isinstance(part, int):
            place += f" {part + 1}"
        else:
            place += f"{'.' if place else ''}{part}"
            model = _model_of(model, str(part)) or model
    name = f"“{key}” in {place}" if place else f"“{key}”"
    if isinstance(key, int):
        name = f"Number {key + 1} of {place}"
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(str(key), model.model_fields, 1)
        hint = f"did you mean “{near[0]}”?" if near else f"there are {', '.join(sorted(model.model_fields))}."
        return f"There is no key {name}: {hint}"
    said = str(problem["msg"]).removeprefix("Value error, ").replace("valid tuple", "list").rstrip(".")
    field = model.model_fields.get(str(key))
    if problem["type"] == "missing":
        said = "it is needed"
    meaning = f" ({field.description.splitlines()[0].rstrip('.')})" if field and field.description else ""
    return f"{name}{meaning}: {said[0].lower()}{said[1:]}."


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of what a key holds, where that is a table or a list of tables."""
    field = model.model_fields.get(key)
    todo: list[Any] = [field.annotation] if field else []
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        todo += get_args(kind)
    return None
