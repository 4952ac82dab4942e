import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from unmix.database import migrate
from unmix_plugins.watch.ledger.entry import Entry, FileFacts, Move, Plan, Result, State
from unmix_plugins.watch.ledger.lock import AlreadyWatched, lock_ledger, watcher_of
from unmix_plugins.watch.ledger.schema import MIGRATIONS
from unmix_plugins.watch.ledger.store import Ledger, LedgerError

FACTS = FileFacts(11, 1_700_000_000_123_456_789, "66305:18446744073709551615")
NO_TEXT = Path(os.fsdecode(b"caf\xe9/\xff\n.wav"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.sqlite3")
    yield made
    made.close()


@pytest.fixture
def folder(ledger: Ledger) -> int:
    return ledger.folder("inbox")


def full(entry: Entry) -> Entry:
    """An entry in which nothing is as it was at first."""
    move = Move(NO_TEXT / "staged", Path("/out") / NO_TEXT, 5, "ab" * 32, "1:2")
    return replace(
        entry,
        path=NO_TEXT.with_name("other.wav"),
        facts=FileFacts(12, -1, "0:0"),
        state=State.DELIVERING,
        sha256="cd" * 32,
        tries=2,
        attempts=3,
        due=4.5,
        job_id="job",
        plan=Plan(Path("/out/.part"), (move,), Path("/out/folder")),
        result=Result("rnnoise", "cpu", 62.0, 1.9, "note", is_skipped=True),
        away_to=Path("/away") / NO_TEXT,
        is_away=True,
        is_missing=True,
        reason="REASON",
        message="It is so.",
        ended=6.5,
        is_untold=True,
    )


def test_an_entry_comes_back_as_it_was_whatever_its_name_is(
    ledger: Ledger, folder: int, tmp_path: Path
) -> None:
    saved = ledger.save(full(ledger.add(folder, NO_TEXT, FACTS)))
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite3")
    assert again.get(saved.entry_id) == saved
    assert again.folders() == {folder: "inbox"}
    assert again.token == ledger.token
    again.close()


def test_messages_may_hold_names_that_are_no_text(ledger: Ledger, folder: int) -> None:
    entry = ledger.save(replace(ledger.add(folder, NO_TEXT, FACTS), message=f"{NO_TEXT} is bad"))
    ledger.wait(folder, "target", f"{NO_TEXT} is full", 1.0)
    assert "\\xff" in str(ledger.get(entry.entry_id))
    assert [wait.sentence for wait in ledger.waits()] == ["caf\\xe9/\\xff\\n.wav is full"]


def test_the_newest_entry_of_a_path_counts_unless_its_source_is_away(ledger: Ledger, folder: int) -> None:
    path = Path("talk.wav")
    ledger.add(folder, path, FACTS)
    newest = ledger.add(folder, path, replace(FACTS, size=12))
    assert ledger.at(folder, path) == newest
    ledger.save(replace(newest, is_away=True))
    assert ledger.at(folder, path) is None
    assert ledger.at(ledger.folder("other"), path) is None


def test_a_file_is_known_by_what_it_is_whatever_it_is_called(ledger: Ledger, folder: int) -> None:
    entry = ledger.add(folder, Path("talk.wav"), FACTS)
    assert ledger.same_file(folder, FACTS) == entry
    assert ledger.same_file(folder, replace(FACTS, mtime_ns=1)) is None
    ledger.save(replace(entry, is_away=True))
    assert ledger.same_file(folder, FACTS) is None


def test_what_waited_longest_comes_first_and_nothing_before_it_is_due(ledger: Ledger, folder: int) -> None:
    entries = [ledger.add(folder, Path(f"{number}.wav"), FACTS) for number in range(25)]
    ledger.save(replace(entries[0], due=50.0))
    ledger.save(replace(entries[1], due=150.0))
    ledger.save(replace(entries[2], state=State.DONE))
    expected = [f"{number}.wav" for number in [*range(3, 25), 0]]
    assert [str(entry.path) for entry in ledger.found(folder, 100.0)] == expected


def test_a_transaction_that_fails_leaves_nothing_of_what_is_in_it(ledger: Ledger, folder: int) -> None:
    def fails() -> None:
        with ledger.transaction():
            ledger.add(folder, Path("a.wav"), FACTS)
            with ledger.transaction():
                ledger.add(folder, Path("b.wav"), FACTS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert list(ledger.found(folder, 1.0)) == []
    ledger.add(folder, Path("c.wav"), FACTS)
    assert len(list(ledger.found(folder, 1.0))) == 1


def test_threads_share_a_ledger(ledger: Ledger, folder: int) -> None:
    def add(number: int) -> None:
        with ledger.transaction():
            ledger.add(folder, Path(f"{number}.wav"), FACTS)
            ledger.add(folder, Path(f"{number} again.wav"), FACTS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(100)))
    assert ledger.counts() == {folder: {State.FOUND: 200}}


def test_an_output_is_known_by_content_and_inode_and_not_by_its_name(ledger: Ledger, folder: int) -> None:
    entry = ledger.add(folder, Path("talk.wav"), FACTS)
    output = Move(Path("staged"), Path("/out/talk.wav"), 5, "ab" * 32, "1:2")
    ledger.add_outputs(entry, [output])
    moved = FileFacts(5, 99, "1:2")
    assert ledger.is_output(Path("/in/other.wav"), moved, "ab" * 32)
    assert ledger.is_output(Path("/out/talk.wav"), replace(moved, identity="1:3"), "ab" * 32)
    assert not ledger.is_output(Path("/in/other.wav"), replace(moved, identity="1:3"), "ab" * 32)
    assert not ledger.is_output(Path("/in/talk.wav"), moved, "cd" * 32)
    assert ledger.outputs(entry) == [Path("/out/talk.wav")]


def test_only_dead_letters_are_marked_for_another_try(ledger: Ledger, folder: int) -> None:
    for state in State:
        ledger.save(replace(ledger.add(folder, Path(f"{state}.wav"), FACTS), state=state, is_away=True))
    other = ledger.folder("other")
    ledger.save(replace(ledger.add(other, Path("a.wav"), FACTS), state=State.DEAD))
    assert ledger.mark_for_retry([folder]) == 1
    marked = {entry.path.stem: entry.is_away for entry in ledger.in_states(folder, [State.RETRY], 1.0, 9)}
    assert marked == {"dead": False, "retry": True}
    assert ledger.mark_for_retry([]) == 0
    assert ledger.counts()[other] == {State.DEAD: 1}


@pytest.mark.parametrize("state", State)
def test_unfinished_is_what_is_neither_done_nor_dead(ledger: Ledger, folder: int, state: State) -> None:
    entry = ledger.save(replace(ledger.add(folder, Path("a.wav"), FACTS), state=state))
    assert ledger.has_unfinished(folder) is (state not in {State.DONE, State.DEAD})
    ledger.save(replace(entry, is_untold=True))
    assert ledger.has_unfinished(folder)
    assert not ledger.has_unfinished(folder + 1)


def test_the_tally_counts_what_was_done_since(ledger: Ledger, folder: int) -> None:
    for ended, state in ((10.0, State.DONE), (20.0, State.DONE), (30.0, State.DONE), (30.0, State.DEAD)):
        entry = ledger.add(folder, Path("a.wav"), FACTS)
        ledger.save(replace(entry, state=state, ended=ended, result=Result(seconds=60.0)))
    tally = ledger.tally([folder], 15.0)
    assert (tally.recordings, tally.seconds) == (2, 120.0)


def test_a_wait_is_told_once_and_from_its_beginning(ledger: Ledger, folder: int) -> None:
    ledger.wait(folder, "target", "It is full.", 1.0)
    ledger.wait(folder, "target", "It is still full.", 2.0)
    ledger.wait(folder, "daemon", "It is away.", 3.0)
    assert [(wait.sentence, wait.since) for wait in ledger.waits()] == [
        ("It is still full.", 1.0),
        ("It is away.", 3.0),
    ]
    ledger.go_on(folder, "target")
    assert [wait.sentence for wait in ledger.waits()] == ["It is away."]
    ledger.go_on(folder)
    assert ledger.waits() == []


def test_two_processes_may_make_the_same_ledger_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: Ledger(tmp_path / "l.sqlite3").token, range(16)))
    assert len(tokens) == 1


def test_a_ledger_of_a_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(LedgerError, match=r"is newer than this unmix knows .* move it away"):
        Ledger(path)


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"These are not the rows that you are looking for." * 100)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(tmp_path / "ledger.sqlite3")
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(tmp_path / "ledger.sqlite3" / "below.sqlite3")


def test_a_migration_that_fails_is_as_if_it_had_not_begun(tmp_path: Path) -> None:
    def breaks(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (done INTEGER)")
        raise ZeroDivisionError

    db = sqlite3.connect(tmp_path / "l.sqlite3", isolation_level=None)
    with pytest.raises(ZeroDivisionError):
        migrate(db, (*MIGRATIONS, breaks))
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert db.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []


HOLDS = """
import sys
from pathlib import Path
from unmix_plugins.watch.ledger.lock import lock_ledger
with lock_ledger(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that watches with the ledger in `tmp_path`."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path / "ledger.sqlite3")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_watcher_is_refused_and_told_who_is_there(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(AlreadyWatched, match=rf"\(process {holder.pid}\) already works with {tmp_path}"):
        lock_ledger(tmp_path / "ledger.sqlite3")
    assert watcher_of(tmp_path / "ledger.sqlite3") == str(holder.pid)


def test_the_lock_is_free_after_a_kill(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    assert watcher_of(tmp_path / "ledger.sqlite3") is None
    with lock_ledger(tmp_path / "ledger.sqlite3"):
        assert watcher_of(tmp_path / "ledger.sqlite3") == str(os.getpid())


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerError, match="cannot be written"):
        lock_ledger(tmp_path / "file" / "ledger.sqlite3")


def test_nobody_watches_where_nobody_ever_did(tmp_path: Path) -> None:
    assert watcher_of(tmp_path / "none.sqlite3") is None
    assert list(tmp_path.iterdir()) == []
