"""Mutated models through `unmix models import` and a running daemon, as `tests/fuzz/models.py` makes them."""

import json
import random
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import torch
from daemons import Daemon
from fuzz.models import KEYWORDS, bag, description_file, pickle_file, safetensors_file
from separators import small
from typer.testing import CliRunner, Result
from unmix_plugins.cli._main import app

_OF_A_MODEL = {".safetensors", ".yaml", ".txt", ".json"}


def run(count: int, seed: int, folder: Path) -> str:
    """Import so many folders; returns what became of them. Raises AssertionError for what must not be."""
    chance = random.Random(seed)
    tensors = dict(small(sources=KEYWORDS["sources"]).state_dict())
    outcomes: Counter[str] = Counter()
    kept = folder / "kept"
    kept.mkdir()
    (kept / "file").write_text("as it was")
    place = folder / "imports"
    weights = place / "weights"
    with Daemon(place / "state", weights=weights, threads=1) as daemon, Watch(daemon) as watch:
        for index in range(count):
            source = place / "source"
            _fill(source, chance, tensors)
            done = _unmix(daemon, "models", "import", f"fuzz{index % 7}", str(source))
            outcomes[_outcome(done)] += 1
            if index % 50 == 49:
                print(f"{index + 1} imports")  # noqa: T201
            if index % 10 == 0:  # what somebody else has put there
                (weights / f"odd{index % 3}").mkdir(parents=True, exist_ok=True)
                (weights / f"odd{index % 3}" / "model.json").write_bytes(description_file(chance, folder))
        for words in (("status",), ("models", "list"), ("models", "list", "--json"), ("jobs", "list")):
            assert _unmix(daemon, *words).exit_code == 0, words
        told = json.loads(_unmix(daemon, "doctor", "--json").stdout)
        assert [finding["ok"] for finding in told["findings"] if finding["subject"] == "daemon"] == [True]
        _look_around(weights)
        for path in sorted(weights.iterdir()):
            assert _unmix(daemon, "models", "remove", path.name, "--yes").exit_code == 0, path
        assert list(weights.iterdir()) == []
    assert [path.name for path in kept.iterdir()] == ["file"]
    assert not (folder / "trap").exists()
    assert not (place / "trap").exists()
    children = f"{watch.seen} children, {watch.limited} seen within limits"
    return f"{count} imports: {dict(outcomes)}; {children}, the largest mapped {watch.largest >> 20} MiB"


class Watch:
    """Looks at the daemon's children while they live."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._pids: set[int] = set()
        self.largest = 0
        self._limited: set[int] = set()

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        assert self._limited, "no child was seen that has taken on its limits"

    @property
    def seen(self) -> int:
        return len(self._pids)

    @property
    def limited(self) -> int:
        return len(self._limited)

    def _look(self) -> None:
        while not self._end.wait(0.02):
            with suppress(psutil.Error, OSError):
                for child in psutil.Process(self._daemon.pid).children():
                    if "unmix_models.child" in child.cmdline():
                        self._note(child.pid)

    def _note(self, pid: int) -> None:
        self._pids.add(pid)
        status = Path(f"/proc/{pid}/status").read_text()
        said = status.partition("VmPeak:")[2].split()
        if not said:  # it has just ended
            return
        peak = int(said[0]) << 10
        limits = Path(f"/proc/{pid}/limits").read_text()
        most = limits.partition("Max address space")[2].split()[0]
        self.largest = max(self.largest, peak)
        if most != "unlimited":  # before, it loads its own modules
            self._limited.add(pid)


def _fill(source: Path, chance: random.Random, tensors: dict[str, torch.Tensor]) -> None:
    """A folder with one or two checkpoints, and perhaps a bag."""
    source.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        path.unlink()
    if chance.random() < 0.6:
        (source / "one.safetensors").write_bytes(safetensors_file(chance, source.parent, tensors))
    if chance.random() < 0.6 or not list(source.iterdir()):
        (source / "two.th").write_bytes(pickle_file(chance, source.parent, tensors))
    if chance.random() < 0.5:
        (source / "one.yaml").write_bytes(bag(chance, source.parent))


def _unmix(daemon: Daemon, *words: str) -> Result:
    """The command, in this process: most of its time would be that of its start."""
    return CliRunner().invoke(app, list(words), env=daemon.environment)


def _outcome(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit)
    if done.exit_code == 0:
        return "installed"
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("unmix: "), done.stderr
    for word in ("Traceback", "error of its own", "internal", "INTERNAL", "signal"):
        assert word not in done.stderr, done.stderr
    return "refused"


def _look_around(weights: Path) -> None:
    """Models and nothing else lie below the weights folder."""
    for path in weights.rglob("*"):
        inner = path.relative_to(weights)
        assert len(inner.parts) <= 2, path
        assert not inner.parts[0].startswith("."), path
        assert path.is_dir() or path.suffix in _OF_A_MODEL, path
