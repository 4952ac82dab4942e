"""The action "Unmix: Settings"."""

import os

from reaper_python import *

try:
    unmix_path = os.path.join(os.path.dirname(globals().get("__file__", "")), "unmix_actions", "loading.py")
    if not os.path.isfile(unmix_path):  # not every version of REAPER tells where a script is
        unmix_path = os.path.join(RPR_GetResourcePath(), "Scripts", "unmix", "unmix_actions", "loading.py")
    with open(unmix_path, encoding="ascii") as unmix_file:
        unmix = dict(globals(), __file__=unmix_path)
        exec(unmix_file.read(), unmix)
    unmix["run"]("settings", globals())
except BaseException as error:
    RPR_ShowMessageBox(f"unmix cannot start ({error}): run `unmix reaper install` in a terminal.", "Unmix", 0)
