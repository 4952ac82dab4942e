"""The plan of the house: what is said once stays said once."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CLASS = re.compile(r"^\s*class (\w+)", re.MULTILINE)
_ROOMS_OF_SEPARATE = re.compile(
    r"^protos/unmix/v1/|(^|/)_?separate(/|\.py$)|[-_]separate[\w -]*\.(ny|py)$", re.IGNORECASE
)
_LONGEST = 350


def sources(*folders: str) -> dict[str, str]:
    """The product's own code by path: what git knows, without what is generated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs a git checkout")
    paths = [path for path in listed.stdout.split("\0") if path and "_pb2" not in path]
    return {path: (ROOT / path).read_text("utf-8") for path in paths if (ROOT / path).exists()}


def classes(folder: str) -> set[str]:
    found = sources(folder)
    return {name for path, text in found.items() if path.endswith(".py") for name in _CLASS.findall(text)}


def test_no_class_is_defined_in_the_daemon_and_in_the_plugins() -> None:
    assert classes("daemon") & classes("plugins") == set()


def test_a_fact_of_the_summary_is_spelled_where_it_is_said_made_and_shown_and_nowhere_else() -> None:
    found = sources("protos", "daemon", "models", "plugins")
    spelled = {path for path, text in found.items() if re.search(r"\bmodel_reason\b", text)}
    contract = {"protos/unmix/v1/audio.proto", "protos/unmix/words/summary.py"}
    made = {"daemon/unmix_daemon/worker/run.py"}
    faces = {"plugins/unmix_plugins/cli/shown/wording.py", "plugins/unmix_plugins/reaper/run/app.py"}
    assert spelled == contract | made | faces


def test_a_task_is_named_outside_its_own_rooms_in_few_files() -> None:
    """Its rooms are what is named after it, and the contract, where its message is; the rest are tables and faces."""
    found = sources("protos", "daemon", "models", "plugins")
    named = {
        path
        for path, text in found.items()
        if re.search(r"\bseparate\b", text) and not _ROOMS_OF_SEPARATE.search(path)
    }
    assert len(named) <= 8, sorted(named)


def test_no_file_is_too_long_to_be_read() -> None:
    found = sources("protos", "daemon", "models", "plugins")
    long = {path for path, text in found.items() if path.endswith(".py") and text.count("\n") > _LONGEST}
    assert long == set()


def test_no_folder_is_a_hall() -> None:
    modules: dict[Path, int] = defaultdict(int)
    for path in sources("protos", "daemon", "models", "plugins"):
        if path.endswith(".py") and not path.endswith("__init__.py"):
            modules[Path(path).parent] += 1
    assert {str(folder): count for folder, count in modules.items() if count > 16} == {}
