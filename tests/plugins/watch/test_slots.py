"""Watched folders share the jobs that the daemon is given."""

from unmix_plugins.watch.slots import Slots


def test_folders_share_what_the_daemon_is_given() -> None:
    slots = Slots(8)
    assert [slots.take(1) for _ in range(9)] == [True] * 8 + [False]
    assert not slots.take(2)  # but from now on it counts
    slots.set(1, 5)
    assert not slots.take(1)  # the other one's turn
    assert [slots.take(2) for _ in range(4)] == [True, True, True, False]
    slots.rest(2)
    slots.set(2, 0)
    assert slots.take(1)


def test_more_folders_than_slots_get_one_each_and_not_more_than_there_are() -> None:
    slots = Slots(2)
    assert [slots.take(folder) for folder in range(4)] == [True, True, False, False]
    slots.set(0, 0)
    assert [slots.take(folder) for folder in (1, 2)] == [False, True]


def test_a_folder_that_hangs_does_not_hold_up_the_others() -> None:
    now = 0.0
    slots = Slots(2, lambda: now)
    assert [slots.take(1), slots.take(1), slots.take(2)] == [True, True, False]
    now = 61.0
    assert slots.take(2)
