"""Write `api_table.json` from a file of facts about REAPER's Python API: `python make_table.py facts.json`.

The facts give every argument and every returned value of a function in words. Here one line a function is
left: what it returns, and each argument's name and type, where `&` marks an argument that comes back.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("api_table.json")
ORIGINS = {"reaper_python.py": "functions", "injected by the host": "injected", "docs": "documented"}
# Absent from Python altogether: only scripts in Lua and EEL have them.
ABSENT = ["get_action_context", "gmem_attach", "gmem_read", "gmem_write", "set_action_options", "gfx_init"]


def compact(facts: dict[str, Any]) -> dict[str, Any]:
    """Sort the functions by where they are found, and say each in one line."""
    table: dict[str, Any] = {"version": facts["_meta"]["reaper_version"].split()[0], "absent": ABSENT}
    for origin in ORIGINS.values():
        table[origin] = {}
    for name, fact in sorted(facts.items()):
        if name != "_meta":
            origin = next(value for key, value in ORIGINS.items() if fact["source"].startswith(key))
            table[origin][name.removeprefix("RPR_")] = _signature(name, fact)
    return table


def _signature(name: str, fact: dict[str, Any]) -> list[Any]:
    arguments = [[argument["name"], _type(argument)] for argument in fact["args"]]
    returned = [value for value in fact["returns"] if value["from"] == "retval"]
    signature = [_kind(returned[0]["type"]) if returned else "", *arguments]
    if fact["source"].startswith("reaper_python") and name != "RPR_GetAudioAccessorSamples":
        _check_shape(name, fact, bool(returned))
    return signature


def _check_shape(name: str, fact: dict[str, Any], returns: bool) -> None:
    """What is left out of the table must follow from the rest: every argument comes back, or none."""
    by_reference = any(argument["mode"] != "in" for argument in fact["args"])
    kind = "tuple" if by_reference else "scalar" if returns else "none"
    names = ["retval"] * returns + [argument["name"] for argument in fact["args"]] * by_reference
    if fact["returns_kind"] != kind or [value["name"] for value in fact["returns"]] != names:
        raise ValueError(f"{name} returns something that its arguments do not tell; keep that in the table.")


def _type(argument: dict[str, str]) -> str:
    return _kind(argument["type"]) + ("" if argument["mode"] == "in" else "&")


def _kind(words: str) -> str:
    if words.startswith("pointer "):
        return words.split()[1]
    if words.startswith("mutable"):
        return "list"
    return re.split(r"[ /(]", words, maxsplit=1)[0]


def main(facts: Path) -> None:
    """Write the table beside this file, one function a line."""
    table = compact(json.loads(facts.read_text()))
    parts = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(what)}" for name, what in value.items())
            parts.append(f' "{key}": {{\n{lines}\n }}')
        else:
            parts.append(f' "{key}": {json.dumps(value)}')
    TABLE.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
