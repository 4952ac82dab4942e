"""What the user chooses for all projects, in a dialog of REAPER's."""

import re
from typing import Dict, NamedTuple

from reaper_python import *

from .messages import TITLE, Trouble
from .pointers import TEXT

SECTION = "unmix"
"""Of REAPER's ExtState: settings are there, and what runs."""


class Setting(NamedTuple):
    """A line of the dialog. A value that does not match the pattern is not used, wherever it comes from."""

    key: str
    caption: str
    default: str
    pattern: str
    rule: str

    def allows(self, value: str) -> bool:
        return re.match(rf"(?:{self.pattern})\Z", value) is not None


MODEL = r"[A-Za-z0-9_.+-]{1,64}", "the name of a model, or auto"
LIMIT = r"|100|\d{1,2}(\.\d{1,6})?", "0 to 100, or empty"
STEMS = r"|-?[a-z0-9_]{1,40}( -?[a-z0-9_]{1,40})*", "names such as vocals -drums, or empty for all"
SETTINGS = (
    Setting("denoise_model", "Denoise: model", "auto", *MODEL),
    Setting("attenuation_limit_db", "Denoise: lower noise by at most (dB)", "", *LIMIT),
    Setting("separate_model", "Separate: model", "auto", *MODEL),
    Setting("stems", "Separate: stems with blanks between", "", *STEMS),
    Setting("render_first", "Render take FX first", "no", "yes|no", "yes or no"),
    Setting("device", "Device", "auto", r"[a-z]{1,16}(:\d{1,3})?", "auto, cpu or cuda:0"),
)


def read_settings() -> Dict[str, str]:
    found = {}
    for setting in SETTINGS:
        value = RPR_GetExtState(SECTION, setting.key)
        found[setting.key] = value if setting.allows(value) else setting.default
    return found


def ask_for_settings() -> None:
    """Let the user change the settings; none is kept unless all make sense. Raises Trouble."""
    before = read_settings()
    captions = ",".join([setting.caption for setting in SETTINGS] + ["extrawidth=160"])
    values = ",".join(before[setting.key] for setting in SETTINGS)
    answer = RPR_GetUserInputs(TITLE + ": Settings", len(SETTINGS), captions, values, TEXT)
    if not answer[0]:
        return
    given = [" ".join(value.split()) for value in answer[4].split(",")]
    if len(given) != len(SETTINGS):
        raise Trouble("No setting was changed, as none can have a comma: put blanks between stems.")
    for setting, value in zip(SETTINGS, given):
        if not setting.allows(value):
            raise Trouble(f'No setting was changed: "{setting.caption}" must be {setting.rule}.')
    for setting, value in zip(SETTINGS, given):
        RPR_SetExtState(SECTION, setting.key, value, 1)
