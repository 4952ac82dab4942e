"""Every process of ours is started by one function, and runs no code that lies about."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from protos.test_house import ROOT, sources
from unmix import children

_STARTS = {"Popen", "run", "create_subprocess_exec", "call", "check_call", "check_output"}
_ELSEWHERE = {"protos/unmix/children.py", "protos/generate.py"}
"""The function itself, and what generates code in a checkout."""
TRAPS = ("queue", "json", "token", "platform", "logging", "sitecustomize", "usercustomize", "numpy", "torch")


@cache
def code() -> dict[str, ast.Module]:
    found = sources("protos", "models", "daemon", "plugins")
    return {
        path: ast.parse(text)
        for path, text in found.items()
        if path.endswith(".py") and path not in _ELSEWHERE
    }


def test_nobody_else_builds_a_command_that_runs_python() -> None:
    found: set[str] = set()
    for path, tree in code().items():
        for node in ast.walk(tree):
            said = isinstance(node, ast.Constant) and node.value in ("-m", "-c")
            named = isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable"
            if (
                said
                or named
                or (isinstance(node, ast.alias) and node.name in ("executable", "multiprocessing"))
            ):
                found.add(path)
    assert found == set()


def test_whoever_starts_such_a_child_says_where_it_works_and_what_it_sees() -> None:
    starts = 0
    for path, tree in code().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in _STARTS:
                continue
            if "children.command" in ast.unparse(node):
                starts += 1
                assert {"cwd", "env"} <= {keyword.arg for keyword in node.keywords}, path
    assert starts >= 4


def test_only_absolute_folders_are_looked_in_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", "lib", "/opt/mine", "../x", "/opt/mine/too"]))
    monkeypatch.setenv("PYTHONUSERBASE", "here")
    monkeypatch.setenv("KEPT", "as it is")
    seen = children.environment({"MORE": "1"})
    assert seen["PYTHONPATH"] == os.pathsep.join(["/opt/mine", "/opt/mine/too"])
    assert "PYTHONUSERBASE" not in seen
    assert (seen["KEPT"], seen["MORE"]) == ("as it is", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    assert "PYTHONPATH" not in children.environment()


@pytest.mark.parametrize("path", ["", ".", ":", "traps", f":{ROOT / 'protos'}"])
def test_a_child_runs_nothing_of_the_folder_that_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    folder = set_traps(tmp_path / "traps")
    monkeypatch.setenv("PYTHONPATH", path)
    command = children.command("platform")
    done = subprocess.run(command, cwd=folder, env=children.environment(), capture_output=True, check=True)
    assert done.stdout
    assert not sprung(folder)
    # So it is without: the trap is one.
    subprocess.run([sys.executable, "-m", "platform"], cwd=folder, capture_output=True, check=False)
    assert sprung(folder)


def test_a_program_is_found_by_its_whole_path() -> None:
    assert Path(children.program("unmix", "unmix_plugins.cli")[0]).is_absolute()
    without = children.program("no-such-script", "unmix_daemon.cli")
    assert without[:2] == (sys.executable, "-P")
    done = subprocess.run(
        [*without, "--help"], cwd=children.FOLDER, env=children.environment(), capture_output=True, check=True
    )
    assert b"The resident unmix daemon" in done.stdout


def set_traps(folder: Path) -> Path:
    """Files named as modules that everything imports, which leave a mark where they are run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TRAPS:
        mark = f"open({str(folder / 'sprung')!r}, 'a').write({name!r})"
        (folder / f"{name}.py").write_text(f"{mark}\nraise SystemExit({name!r})\n")
    return folder


def sprung(folder: Path) -> bool:
    return (folder / "sprung").exists()
