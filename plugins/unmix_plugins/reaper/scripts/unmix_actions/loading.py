"""Runs an action by the modules as they are in the files now.

REAPER keeps what it has imported until it ends, and an update must not wait for that. So each action reads this file
and has the modules imported anew; a job that runs goes on with those that it began with. No bytecode is written:
nobody would take it away.
"""

import importlib
import os
import sys
from typing import Any, Dict

PACKAGE = "unmix_actions"


def run(action: str, main: Dict[str, Any]) -> None:
    """Do an action; deferred code is executed in `main`."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()
    writes_no_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    # REAPER works in the project's folder, which an entry that is not absolute may mean.
    entries = sys.path[:]
    sys.path[:] = [folder] + [entry for entry in entries if os.path.isabs(entry)]
    try:
        actions = importlib.import_module(PACKAGE + ".actions")
    finally:
        sys.path[:] = entries
        sys.dont_write_bytecode = writes_no_bytecode
    actions.run(action, main)
