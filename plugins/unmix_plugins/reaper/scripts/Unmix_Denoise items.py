# REAPER's Python may be 3.6, and must not see an exception.
# ruff: noqa: BLE001, F403, F405, PTH100, PTH113, PTH118, PTH120, PTH123, S102
# pyright: basic, reportMissingImports=false, reportUndefinedVariable=false
"""The action "Unmix: Denoise items": find unmix_reaper.py and let it do the work."""

import os

from reaper_python import *

try:
    unmix_folder = os.path.dirname(globals().get("__file__", ""))  # not every version of REAPER tells it
    if not os.path.isfile(os.path.join(unmix_folder, "unmix_reaper.py")):
        unmix_folder = os.path.join(RPR_GetResourcePath(), "Scripts", "unmix")
    unmix_path = os.path.abspath(os.path.join(unmix_folder, "unmix_reaper.py"))
    with open(unmix_path, encoding="ascii") as unmix_file:
        unmix = dict(globals())
        exec(compile(unmix_file.read(), unmix_path, "exec"), unmix)
    unmix["run"]("denoise", globals())
except BaseException as error:
    RPR_ShowMessageBox(f"unmix cannot start ({error}): run `unmix reaper install` in a terminal.", "Unmix", 0)
