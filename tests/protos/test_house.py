"""The plan of the house: what is said once stays said once."""

import re
import statistics
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
_CLASS = re.compile(r"^\s*class (\w+)", re.MULTILINE)
_ROOMS_OF_SEPARATE = re.compile(
    r"^protos/unmix/v1/|(^|/)_?separate(/|\.py$)|[-_]separate[\w -]*\.(ny|py)$", re.IGNORECASE
)
_LONGEST = 350
_MEDIAN = 110
_MODULES = 16
_CHAIN = 12
_PRODUCT = ("protos", "models", "daemon", "plugins")
_EVERYTHING = (*_PRODUCT, "tests", "bench", "demo", "docs")


def sources(*folders: str) -> dict[str, str]:
    """The product's own code by path: what git knows, without what is generated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs a git checkout")
    paths = [path for path in listed.stdout.split("\0") if path and "_pb2" not in path]
    return {path: (ROOT / path).read_text("utf-8", "replace") for path in paths if (ROOT / path).exists()}


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
    lengths = {path: text.count("\n") for path, text in sources(*_EVERYTHING).items() if path.endswith(".py")}
    assert {path: length for path, length in lengths.items() if length > _LONGEST} == {}
    assert (
        statistics.median(length for path, length in lengths.items() if path.startswith(_PRODUCT)) <= _MEDIAN
    )


def test_no_folder_is_a_hall() -> None:
    modules: dict[Path, int] = defaultdict(int)
    for path in sources(*_EVERYTHING):
        if path.endswith(".py") and Path(path).name not in {"__init__.py", "conftest.py"}:
            modules[Path(path).parent] += 1
    assert {str(folder): count for folder, count in modules.items() if count > _MODULES} == {}


def test_few_modules_serve_all_tests() -> None:
    assert len(list((ROOT / "tests").glob("[!c]*.py"))) <= 6
    assert [path.name for path in (ROOT / "tests").glob("c*.py")] == ["conftest.py"]


@pytest.mark.parametrize("package", ["unmix", "unmix_models", "unmix_daemon", "unmix_plugins"])
def test_no_chain_of_imports_is_long_and_none_is_a_circle(package: str) -> None:
    graph = grimp.build_graph(package)

    @cache
    def chain(module: str) -> tuple[str, ...]:
        """The longest one from here, within the package. A circle ends in RecursionError."""
        further = (
            name for name in graph.find_modules_directly_imported_by(module) if name.startswith(package)
        )
        return (module, *max(map(chain, further), key=len, default=()))

    longest = max(map(chain, graph.modules), key=len)
    assert len(longest) <= _CHAIN, " → ".join(longest)


def test_every_test_that_holds_a_promise_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "SECURITY.md").read_text("utf-8")))
    assert len(named) >= 20
    assert {path for path in named if not (ROOT / path).is_file()} == set()
