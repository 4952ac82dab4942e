"""This checkout against an earlier commit: the same benches in both, in turn, and the ratios of their numbers.

    python bench/against.py COMMIT [--pairs 5] [--benches speed separate memory]

The commit gets a checkout and an environment of its own in `build/against`, which is kept. A pair is a bench run in
both, the order alternating, so that a machine that is busy for a while is busy for both; a ratio is new / old of one
pair, and the line shows its median, the least and the most. Inputs are shorter than the benches' own: what is
compared is the code around the models, and many short pairs say more of it than one long. The exit status is 1 when
a median is above 1.03, or missing.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import product

ALLOWED = 1.03
Rows = Iterator[tuple[str, float]]


def speed_rows(said: str) -> Rows:
    """Medians of `bench/speed.py`, in seconds."""
    model = ""
    for line in said.splitlines():
        if not line.startswith(" "):
            model = line.strip()
        if found := re.match(r"  (ready|bare|warm|first audio) +([\d.]+) s", line):
            yield f"{model} {found[1]}, s", float(found[2])


def separate_rows(said: str) -> Rows:
    """Walls and peaks of `bench/separate.py`; demucs' own is there to show what the machine itself did."""
    length = ""
    for line in said.splitlines():
        if found := re.match(r"([\d.]+ s), \d+ rounds", line):
            length = found[1]
        if found := re.match(r"(unmix .+?|demucs apply_model) +([\d.]+) +[\d.]+ +[\d.]+× +\d+ +(\d+)", line):
            yield f"{length}, {found[1]}, s", float(found[2])
            yield f"{length}, {found[1]}, peak MB", float(found[3])


def memory_rows(said: str) -> Rows:
    """Peaks of `bench/memory.py`, in MiB."""
    model = ""
    for line in said.splitlines():
        if found := re.match(r"(\w+), ", line):
            model = found[1]
        if found := re.match(r"  (\w+) +([\d.]+) +([\d.]+) ", line):
            yield f"{model} {found[1]}, short file, peak MiB", float(found[2])
            yield f"{model} {found[1]}, long file, peak MiB", float(found[3])


BENCHES: dict[str, tuple[list[str], Callable[[str], Rows]]] = {
    "speed": (["bench/speed.py", "--rounds", "5", "--minutes", "2"], speed_rows),
    "separate": (["bench/separate.py", "--seconds", "5", "--rounds", "2"], separate_rows),
    "memory": (["bench/memory.py", "--hours", "0.3", "--models", "rnnoise", "wiener", "dsp"], memory_rows),
}


def checkout(commit: str) -> Path:
    """The commit's files and its environment, made on the first call."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "--verify", "--quiet", f"{commit}^{{commit}}"],
        cwd=product.ROOT,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    if found.returncode:
        raise SystemExit(f"{commit} is no commit of this checkout: `git log --oneline` lists them.")
    folder = product.ROOT / "build" / "against" / found.stdout.strip()
    if not folder.exists():
        add = [
            "git",
            "worktree",
            "add",
            "--force",
            "--detach",
        ]  # --force: `make clean` took away one that git knows
        subprocess.run([*add, str(folder), commit], cwd=product.ROOT, check=True)
    subprocess.run(["make", ".venv/.ready"], cwd=folder, check=True)
    return folder


def run(folder: Path, name: str) -> dict[str, float]:
    """One bench in one checkout: the median of each of its numbers."""
    command, rows = BENCHES[name]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UNMIX")}
    environment |= {"UNMIX_WEIGHTS": str(product.weights())}
    environment.pop("PYTHONPATH", None)
    ended = subprocess.run(
        [folder / ".venv/bin/python", *command],
        cwd=folder,
        env=environment,
        check=False,  # a bench that misses one of its targets ends with 1
        stdout=subprocess.PIPE,
        text=True,
    )
    seen: dict[str, list[float]] = {}
    for row, value in rows(ended.stdout):
        seen.setdefault(row, []).append(value)
    if not seen:
        raise SystemExit(f"{name} printed no numbers in {folder}; its message is above.")
    return {row: median(values) for row, values in seen.items()}


def compare(old: Path, name: str, pairs: int) -> int:
    """Prints a bench's ratios; returns how many of their medians are above what is allowed."""
    runs: dict[Path, list[dict[str, float]]] = {old: [], product.ROOT: []}
    for pair in range(pairs):
        for folder in list(runs)[:: 1 if pair % 2 else -1]:
            runs[folder].append(run(folder, name))
        print(f"{name}: pair {pair + 1} of {pairs}", file=sys.stderr, flush=True)
    missed = 0
    print(f"{name}: new / old of {pairs} pairs{'':34}old      new    ratio")
    everywhere = set[str].intersection(*(set(each) for every in runs.values() for each in every))
    for row in runs[old][0]:
        if row not in everywhere:
            print(f"  {row:56} was not printed by every run: compare it by hand")
            missed += 1
            continue
        before, now = ([each[row] for each in runs[folder]] for folder in (old, product.ROOT))
        ratios = [new / then for new, then in zip(now, before, strict=True)]
        holds = median(ratios) <= ALLOWED
        missed += not holds
        print(
            f"  {row:56} {median(before):8.3f} {median(now):8.3f}   {median(ratios):.3f} "
            f"({min(ratios):.3f}–{max(ratios):.3f}) {'holds' if holds else 'DOES NOT HOLD'}",
            flush=True,
        )
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--benches", nargs="+", choices=BENCHES, default=list(BENCHES))
    options = parser.parse_args()
    old = checkout(options.commit)
    missed = sum(compare(old, name, options.pairs) for name in options.benches)
    print("all medians hold" if not missed else f"{missed} medians are above {ALLOWED}, or missing")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
