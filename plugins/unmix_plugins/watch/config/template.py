"""Templates for the names of outputs."""

import re

from unmix_plugins.watch.config.folder import ConfigError

FIELD = re.compile(r"\{(\w+)\}")
_FIELDS = ("name", "stem", "suffix", "model", "date")


def check_template(template: str) -> None:
    """Raise ConfigError for a template that cannot name outputs."""
    fields: list[str] = FIELD.findall(template)
    parts = template.split("/")
    if unknown := [field for field in fields if field not in _FIELDS]:
        raise ConfigError(
            f"The template has {{{unknown[0]}}}, and there are {{{'}, {'.join(_FIELDS)}}}: use those."
        )
    if "name" not in fields:
        raise ConfigError(f"The template {template!r} would call all outputs the same: put {{name}} into it.")
    if any(sign in FIELD.sub("", template) for sign in "{}\\\0") or any(
        not part.strip(".") for part in parts
    ):
        raise ConfigError(
            f"The template {template!r} is no path inside the target: write one such as {{name}}.{{stem}}{{suffix}}."
        )
