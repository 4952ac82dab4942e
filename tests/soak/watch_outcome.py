"""What a soak of watched folders has left on the disk, against what a direct call gives."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from soak.watch_recordings import Recording
from soak.watch_traffic import Item

Result = dict[str, str]
"""sha256 of each output by stem."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a direct call gives."""

    outputs: Result
    reason: str
    """Why it fails; empty where it does not."""


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


class Outcome:
    """What is on the disk in the end, against what should be."""

    def __init__(
        self, folder: Path, items: list[Item], expected: dict[tuple[Recording, str], Expectation], policy: str
    ) -> None:
        self._folder = folder
        self._items = items
        self._expected = {item.word: expected[item.recording, item.preset] for item in items}
        self._policy = policy
        self._explained: set[Path] = {
            folder / "out" / "_failed",
            folder / "in",
            folder / "out",
            folder / "done",
        }

    def check_outputs(self) -> None:
        """Every good file has its outputs once, complete and equal to the direct call's."""
        found = self._files_by_word(self._folder / "out", leave_out=self._folder / "out" / "_failed")
        for item in self._items:
            hashes = Counter(digest(path) for path in found[item.word])
            wanted = Counter(self._expected[item.word].outputs.values())
            if item.was_too_slow:
                assert wanted <= hashes, item
            else:
                assert hashes == wanted, (item, found[item.word])
            for path in found[item.word]:
                assert item.preset != "stems" or path.parent.name.startswith(item.word), path
                self._explain(path)

    def check_dead_letters(self) -> None:
        """Every bad file is there once, as it was, with its reason."""
        found = self._files_by_word(self._folder / "out" / "_failed")
        for item in self._items:
            paths = found[item.word]
            reason = self._expected[item.word].reason
            if item.was_too_slow and not reason:
                for path in paths:
                    self._explain(path)
                continue
            letters = [path for path in paths if not path.name.endswith(".reason.txt")]
            if not reason:
                assert letters == [], item
                continue
            if not item.was_too_slow:
                assert [path.read_bytes() for path in letters] == [item.recording.content], item
            for letter in letters:
                text = letter.with_name(f"{letter.name}.reason.txt").read_text("utf-8")
                assert f"({reason})" in text, (item, text)
                self._explain(letter)
                self._explain(letter.with_name(f"{letter.name}.reason.txt"))

    def check_sources(self) -> None:
        """Every source is there as it was: in its place, or put away."""
        kept = self._files_by_word(self._folder / "in")
        moved = self._files_by_word(self._folder / "done")
        for item in self._items:
            is_dead = bool(self._expected[item.word].reason)
            if self._policy == "keep":
                assert kept[item.word] == [item.path], item
                assert item.path.read_bytes() == item.recording.content
            elif not item.was_too_slow:
                assert kept[item.word] == [], item
                assert [path.read_bytes() for path in moved[item.word]] == [item.recording.content] * (
                    not is_dead
                )
            for path in kept[item.word] + moved[item.word]:
                self._explain(path)

    def check_that_nothing_else_is_there(self) -> None:
        """No part of a file, no folder of an unfinished delivery, no file that nobody knows."""
        for place in ("in", "out", "done", "arriving"):
            for path in (self._folder / place).rglob("*"):
                assert path in self._explained or path.is_dir(), path
                assert not path.name.startswith("."), path
        assert {path.name for path in self._folder.iterdir()} <= {
            "in", "out", "done", "arriving", "state", "undisturbed", "watch.toml", "watcher.log",
            "ledger.sqlite3", "ledger.sqlite3.lock",
        }  # fmt: skip

    def _files_by_word(self, root: Path, leave_out: Path | None = None) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for path in root.rglob("*") if root.exists() else []:
            if path.is_file() and (leave_out is None or leave_out not in path.parents):
                words = [part[:9] for part in path.relative_to(root).parts if part.startswith("item")]
                found[words[0] if words else ""].append(path)
        assert found[""] == []
        return found

    def _explain(self, path: Path) -> None:
        self._explained.add(path)
