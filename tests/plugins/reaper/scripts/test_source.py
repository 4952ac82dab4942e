"""The text of the scripts: what REAPER's Python understands, and only functions that REAPER has, as it has them."""

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_reaper import table
from plugins.reaper.scripts.studio import ACTIONS, MODULES, SCRIPTS
from unmix_plugins.reaper.installation.actions import ACTIONS as INSTALLED

FUNCTIONS = table.load().functions
"""Those of reaper_python; `RPR_defer` and `RPR_atexit` are only in `__main__`, which modules are not."""
FILES = sorted(SCRIPTS.rglob("*.py"))
OLDEST = (3, 6)
NEWER_MODULES = {"dataclasses", "contextvars", "graphlib", "tomllib", "zoneinfo"}
"""What the standard library got after Python 3.6."""
NUMBER = {"int": int, "bool": int, "float": (int, float), "str": str}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="ascii"), feature_version=OLDEST)


def constants(module: ast.Module) -> dict[str, object]:
    """What the module's names in capitals stand for, where that is one plain value."""
    found = {}
    for node in module.body:
        for target, value in assigned(node):
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                found[target.id] = value.value
    return found


def assigned(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=True)
            else:
                yield target, node.value


def unknown(scope: symtable.SymbolTable, known: set[str]) -> Iterator[str]:
    """The names that a scope or one within it takes from outside the functions, and that are not known there."""
    for symbol in scope.get_symbols():
        is_free = symbol.is_global() if scope.get_type() != "module" else not is_bound(symbol)
        if is_free and symbol.is_referenced() and symbol.get_name() not in known:
            yield symbol.get_name()
    for child in scope.get_children():
        yield from unknown(child, known)


def is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def calls(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("RPR_"):
            yield node.func.id.removeprefix("RPR_"), node


CONSTANTS = {name: value for path in FILES for name, value in constants(tree(path)).items()}
"""Of all modules: they import them from each other."""


def value_of(node: ast.expr, known: dict[str, object]) -> object:
    """The value of an argument that is written out, or named in capitals; None for what is only known later."""
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return -node.operand.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    return node.value if isinstance(node, ast.Constant) else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_old_pythons_understand_it(path: Path) -> None:
    module = tree(path)
    imported = {
        name.partition(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
        if not (isinstance(node, ast.ImportFrom) and node.level == 1)
    }
    assert imported <= {*sys.stdlib_module_names, "reaper_python"} - NEWER_MODULES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_name_is_known(path: Path) -> None:
    """No linter says so of modules that import a star."""
    top = symtable.symtable(path.read_text(encoding="ascii"), str(path), "exec")
    known = {symbol.get_name() for symbol in top.get_symbols() if is_bound(symbol)}
    known |= {*dir(builtins), "__file__", *(f"RPR_{name}" for name in FUNCTIONS)}
    assert set(unknown(top, known)) == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_says_first_what_it_is(path: Path) -> None:
    said = ast.get_docstring(tree(path))
    assert said
    assert said.splitlines()[0][-1] in ".?"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_function_of_reaper_is_called_as_the_table_says(path: Path) -> None:
    module = tree(path)
    known = {**CONSTANTS, **constants(module)}
    for name, call in calls(module):
        place = f"{path.name}, line {call.lineno}: {name}"
        assert name in FUNCTIONS, place
        arguments = FUNCTIONS[name].arguments
        assert not call.keywords, place
        assert not any(isinstance(argument, ast.Starred) for argument in call.args), place
        assert len(call.args) == len(arguments), place
        for argument, given in zip(arguments, call.args, strict=True):
            value = value_of(given, known)
            if value is None:
                assert not isinstance(given, ast.Constant), f"{place}: {argument.name} is None"
            elif argument.kind in NUMBER:
                assert isinstance(value, NUMBER[argument.kind]), f"{place}: {argument.name}"
            else:
                pytest.fail(f"{place}: {argument.name} is a pointer, and {value!r} is NULL")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_functions_of_reaper_are_only_called(path: Path) -> None:
    """Otherwise the test above would not see how."""
    module = tree(path)
    called = {id(call.func) for _, call in calls(module)}
    named = [node for node in ast.walk(module) if isinstance(node, ast.Name) and node.id.startswith("RPR_")]
    assert all(id(node) in called for node in named)


def test_the_check_of_calls_finds_what_is_wrong() -> None:
    names = [name for path in FILES for name, _ in calls(tree(path))]
    assert len(names) > 100
    assert {"InsertMedia", "SetMediaItemTake_Source"} <= set(names)
    assert CONSTANTS["TEXT"] == 4096


def test_what_is_only_documented_is_not_used() -> None:
    """No reaper_python.py was seen with these functions."""
    assert not {name for path in FILES for name, _ in calls(tree(path))} & set(table.load().documented)


def test_the_actions_differ_only_in_what_they_ask_for() -> None:
    texts = set()
    for action, file_name in ACTIONS.items():
        text = (SCRIPTS / file_name).read_text(encoding="ascii")
        title = Path(file_name).stem.removeprefix("Unmix_")
        texts.add(text.replace(f'"{action}"', '"…"').replace(f"Unmix: {title}", "…"))
    assert len(texts) == 1
    assert {path.name for path in FILES if path.parent != MODULES} == set(ACTIONS.values())


def test_the_installation_knows_the_same_actions() -> None:
    assert {action.file_name for action in INSTALLED} == set(ACTIONS.values())
