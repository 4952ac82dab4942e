"""The last choices made in a dialog, which the effects without a dialog use again."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from unmix.words import DenoiseTask

_FILE = "choices.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose last."""

    denoise_model: str = "auto"
    attenuation_limit_db: float | None = None
    """The most that noise is lowered, in dB, 0 to 100; None is the model's own default."""
    separate_model: str = "auto"
    stems: tuple[str, ...] = ()
    """None: all of the model's."""

    def __post_init__(self) -> None:
        DenoiseTask(attenuation_limit_db=self.attenuation_limit_db).check()

    def updated(self, settings: Mapping[str, str]) -> "Choices":
        """These choices with what a dialog says; an empty value stands for the default.

        Raises ValueError for a setting that does not exist or cannot be.
        """
        changes: dict[str, Any] = {}
        for name, value in settings.items():
            match name:
                case "denoise_model" | "separate_model":
                    changes[name] = value or "auto"
                case "attenuation_limit_db":
                    changes[name] = float(value) if value else None
                case "stems":
                    changes[name] = tuple(value.split())
                case _:
                    raise ValueError(name)
        return replace(self, **changes)


def load(folder: Path) -> Choices:
    """The choices remembered in `folder`, or the defaults; a broken file counts for nothing."""
    try:
        said = json.loads((folder / _FILE).read_text("utf-8"))
        limit = said.get("attenuation_limit_db")
        return Choices(
            denoise_model=str(said["denoise_model"]),
            attenuation_limit_db=None if limit is None else float(limit),
            separate_model=str(said["separate_model"]),
            stems=tuple(map(str, said["stems"])),
        )
    except FileNotFoundError:
        return Choices()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("The remembered choices cannot be read (%s); the defaults hold.", error)
        return Choices()


def save(folder: Path, choices: Choices) -> None:
    """Remember `choices` in `folder`, in one step. What cannot be written is forgotten, and logged."""
    partial = folder / f"{_FILE}.part"
    try:
        partial.write_text(json.dumps(asdict(choices)), "utf-8")
        partial.replace(folder / _FILE)
    except OSError as error:
        _log.warning("The choices cannot be remembered (%s).", error)
