"""When a file counts as finished; the clock and the file system are the tests' own."""

from pathlib import Path

import pytest
from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.blocker import Blocker
from unmix_plugins.watch.seen.settle import Settler

SONG = Path("/in/song.wav")
OTHER = Path("/in/other.wav")


class World:
    """Files, a clock, and what stands in the way of reading."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.files: dict[Path, FileFacts] = {}
        self.blockers: dict[Path, Blocker] = {}
        self.looks = 0
        self.settler = Settler(5.0, self._look, self.blockers.get, lambda: self.now)

    def write(self, path: Path, size: int, mtime_ns: int = 1, inode: int = 1) -> None:
        """The file is so now, and that was seen."""
        self.files[path] = FileFacts(size, mtime_ns, f"1:{inode}")
        self.settler.observe(path, self.files[path])

    def after(self, seconds: float) -> list[Path]:
        """What has settled when so much time has passed."""
        self.now += seconds
        return [path for path, _ in self.settler.settled()]

    def _look(self, path: Path) -> FileFacts | None:
        self.looks += 1
        return self.files.get(path)


@pytest.fixture
def world() -> World:
    return World()


def test_a_file_settles_when_it_has_not_changed_for_long_enough(world: World) -> None:
    world.write(SONG, 10)
    assert world.after(4.9) == []
    assert world.after(0.1) == [SONG]


def test_a_file_settles_once(world: World) -> None:
    world.write(SONG, 10)
    assert world.after(5) == [SONG]
    assert world.after(100) == []
    assert len(world.settler) == 0


@pytest.mark.parametrize(("size", "mtime_ns"), [(11, 1), (10, 2), (9, 0)])
def test_a_change_of_size_or_time_begins_the_wait_anew(world: World, size: int, mtime_ns: int) -> None:
    world.write(SONG, 10)
    assert world.after(4) == []
    world.write(SONG, size, mtime_ns)
    assert world.after(4) == []
    assert world.after(1) == [SONG]


def test_seeing_a_file_again_as_it_was_does_not_prolong_the_wait(world: World) -> None:
    world.write(SONG, 10)
    assert world.after(4) == []
    world.write(SONG, 10)
    assert world.after(1) == [SONG]


def test_inodes_that_the_file_system_makes_up_anew_do_not_prolong_the_wait(world: World) -> None:
    world.write(SONG, 10, inode=1)
    assert world.after(4) == []
    world.write(SONG, 10, inode=2)
    world.files[SONG] = FileFacts(10, 1, "1:3")
    assert world.after(1) == [SONG]


def test_a_file_that_grew_unannounced_is_not_taken(world: World) -> None:
    world.write(SONG, 10)
    world.files[SONG] = FileFacts(20, 2, "1:1")
    assert world.after(5) == []
    assert world.after(5) == [SONG]


def test_a_slow_copy_is_taken_when_its_last_pause_is_over(world: World) -> None:
    taken: list[Path] = []
    for part in range(1, 20):
        world.write(SONG, part, mtime_ns=part)
        taken += world.after(4.5)
    assert taken == []
    assert world.after(0.5) == [SONG]


def test_a_renamed_file_settles_under_its_new_name_only(world: World) -> None:
    world.write(SONG, 10)
    world.after(3)
    del world.files[SONG]
    world.write(OTHER, 10)
    assert world.after(5) == [OTHER]
    assert len(world.settler) == 0


@pytest.mark.parametrize("mtime_ns", [0, -1, 4_000_000_000_000_000_000])
def test_a_time_of_1970_or_of_the_future_is_as_good_as_any_other(world: World, mtime_ns: int) -> None:
    world.write(SONG, 10, mtime_ns=mtime_ns)
    assert world.after(5) == [SONG]


def test_an_empty_file_waits_much_longer_as_it_may_be_filled_later(world: World) -> None:
    world.write(SONG, 0)
    assert world.after(59) == []
    assert world.after(1) == [SONG]


def test_a_file_that_cannot_be_opened_waits_and_says_why(world: World) -> None:
    busy = Blocker("it is open elsewhere", passes=True)
    world.write(SONG, 10)
    world.blockers[SONG] = busy
    assert world.after(5) == []
    assert world.settler.blocked == {SONG: busy}
    del world.blockers[SONG]
    assert world.after(5) == [SONG]
    assert world.settler.blocked == {}


def test_a_file_that_cannot_be_opened_for_long_is_looked_at_ever_less_but_never_given_up(
    world: World,
) -> None:
    world.write(SONG, 10)
    world.blockers[SONG] = Blocker("no right", passes=False)
    for _ in range(3600):
        assert world.after(1) == []
    assert world.looks < 100
    world.blockers.clear()
    assert world.after(60) == [SONG]


def test_a_blocked_file_that_is_removed_is_forgotten(world: World) -> None:
    world.write(SONG, 10)
    world.blockers[SONG] = Blocker("no right", passes=False)
    world.after(5)
    del world.files[SONG]
    world.after(60)
    assert world.settler.blocked == {}
    assert len(world.settler) == 0
