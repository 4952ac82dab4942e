"""Something else is put in the place of a source between a look and a use, by somebody who may write to the folder.

Each test swaps at a seam of the work, where it is between two calls of the system, and not by racing.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.ledger.entry import Entry, FileFacts, State
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Finished
from unmix_plugins.watch.steps.intake import Intake

OURS = b"a recording"
SECRET = b"private one"
assert len(OURS) == len(SECRET)

_PATIENCE = 5.0

KINDS = ["link", "fifo", "device", "file", "parent"]
AT_EACH_MOMENT = [("looked at", "link"), ("looked at", "fifo"), ("looked at", "parent"), ("hashed", "link")]
AT_EACH_MOMENT += [
    pytest.param(moment, kind, marks=pytest.mark.long)
    for moment in ("looked at", "hashed")
    for kind in KINDS
    if (moment, kind) not in AT_EACH_MOMENT
]
BY_EACH_POLICY = [(SourcePolicy.MOVE, "link"), (SourcePolicy.MOVE, "file"), (SourcePolicy.TRASH, "fifo")]
BY_EACH_POLICY += [
    pytest.param(policy, kind, marks=pytest.mark.long)
    for policy in (SourcePolicy.MOVE, SourcePolicy.TRASH)
    for kind in KINDS
    if (policy, kind) not in BY_EACH_POLICY
]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A file that the watcher may read, and whoever writes to its folder may not; its size and time can be guessed."""
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(SECRET)
    return folder / "talk.wav"


class Swap:
    """Puts something else in the place of a source, once, when it is armed."""

    def __init__(self, kind: str, path: Path, private: Path) -> None:
        self.kind, self.path, self.private = kind, path, private
        self.is_done = False

    def __call__(self) -> None:
        if self.is_done or not self.path.exists():
            return
        self.is_done = True
        facts = self.path.stat()
        os.utime(self.private, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
        if self.kind == "parent":
            self.path.parent.rename(self.path.parent.parent / ".away")
            self.path.parent.symlink_to(self.private.parent)
            return
        made = self.path.with_name(".made")
        match self.kind:
            case "link":
                made.symlink_to(self.private)
            case "fifo":
                os.mkfifo(made)
            case "device":
                os.mknod(made, 0o644 | 0o020000, os.makedev(1, 3))  # /dev/null
            case _:
                shutil.copy2(self.private, made)
        made.replace(self.path)


def swap(kind: str, path: Path, private: Path) -> Swap:
    if kind == "device" and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    return Swap(kind, path, private)


@contextmanager
def not_hanging(path: Path) -> Iterator[None]:
    """Should somebody wait for a FIFO at `path`, the test goes on after some seconds, and fails."""
    hung: list[bool] = []
    over = threading.Event()

    def release() -> None:
        while not over.wait(_PATIENCE):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # succeeds where somebody reads
                hung.append(True)
            except OSError:
                pass

    thread = threading.Thread(target=release)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not hung


def uploads(daemon: FakeDaemon) -> set[bytes]:
    """Whatever the daemon was ever sent."""
    return {data for (_, name), data in daemon.script.outputs.items() if name == "upload"}


def before(call: Callable[..., Any], act: Callable[[], object]) -> Callable[..., Any]:
    """The same function, with `act` done when it has returned; only in the thread of the work."""

    def wrapped(*arguments: Any, **more: Any) -> Any:
        result = call(*arguments, **more)
        if threading.current_thread() is threading.main_thread():
            act()
        return result

    return wrapped


@pytest.mark.parametrize(("moment", "kind"), AT_EACH_MOMENT)
def test_what_was_looked_at_is_sent_or_nothing(
    desk: Bench, daemon: FakeDaemon, private: Path, monkeypatch: pytest.MonkeyPatch, kind: str, moment: str
) -> None:
    path = desk.source / "sub" / "talk.wav"
    act = swap(kind, path, private)
    seam, name = (FileFacts, "is_same_version") if moment == "looked at" else (Intake, "recognise")
    monkeypatch.setattr(seam, name, before(getattr(seam, name), act))
    with not_hanging(path):
        desk.put("sub/talk.wav", OURS)
        desk.until(lambda: act.is_done)
        desk.until(lambda: not desk.entries() or desk.entries(State.SUBMITTED))
    assert uploads(daemon) <= {OURS}


@pytest.mark.parametrize(("policy", "kind"), BY_EACH_POLICY)
def test_what_was_processed_is_put_away_or_nothing(
    tmp_path: Path,
    daemon: FakeDaemon,
    private: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    policy: SourcePolicy,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with bench(tmp_path, daemon, source_policy=policy, moved_to=tmp_path / "moved") as desk:
        path = desk.put("sub/talk.wav", OURS)
        act = swap(kind, path, private)
        save = Ledger.save

        def saving(ledger: Ledger, entry: Entry) -> Entry:
            saved = save(ledger, entry)
            if entry.away_to is not None:  # it has its name, and will be moved next
                act()
            return saved

        monkeypatch.setattr(Ledger, "save", saving)
        [job_id] = desk.submitted()
        desk.complete(job_id)
        with not_hanging(path):
            desk.until(lambda: desk.done_count)
        assert act.is_done
        put_away = tmp_path / ("moved" if policy is SourcePolicy.MOVE else "data/Trash/files")
        found = [each.read_bytes() for each in put_away.rglob("*") if not each.is_dir()]
        assert os.path.lexists(path)
        assert private.read_bytes() == SECRET
        if kind == "parent":  # it went with its folder, which was open by then
            assert found == [OURS]
            return
        assert found == []
        [report] = desk.told(Finished)
        assert report.result.note == (
            "What has the name of the source by now is not the file that was processed: it stays where it is."
        )


@pytest.mark.parametrize(
    "kind", ["link", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("fifo", "file", "parent"))]
)
def test_what_failed_becomes_the_dead_letter_or_nothing(
    tmp_path: Path, daemon: FakeDaemon, private: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        path = desk.put("sub/talk.wav", OURS)
        act = swap(kind, path, private)
        save = Ledger.save

        def saving(ledger: Ledger, entry: Entry) -> Entry:
            saved = save(ledger, entry)
            if entry.away_to is not None:
                act()
            return saved

        monkeypatch.setattr(Ledger, "save", saving)
        [job_id] = desk.submitted()
        desk.fail(job_id, "INVALID_AUDIO", code=3)
        with not_hanging(path):
            desk.until(lambda: desk.failed_count)
        assert act.is_done
        assert sorted(desk.files()) == ["_failed/sub/talk.wav.reason.txt"]
        assert os.path.lexists(path)
        assert private.read_bytes() == SECRET


def test_an_original_that_is_replaced_while_it_is_moved_is_not_lost(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        path = desk.put("talk.wav", OURS)
        [job_id] = desk.submitted()
        desk.complete(job_id)
        really_link = os.link

        def linking(*arguments: Any, **more: Any) -> None:
            really_link(*arguments, **more)
            if desk.entry().away_to is not None:  # it has both names now
                newer = path.with_name(".newer")
                newer.write_bytes(b"a newer take")
                newer.replace(path)

        monkeypatch.setattr(os, "link", linking)
        desk.until(lambda: desk.done_count)
        assert desk.files(tmp_path / "moved") == {"talk.wav": OURS}
        assert path.read_bytes() == b"a newer take"
