import threading
from collections.abc import Iterator

import pytest
from unmix_plugins.client._call import RunningCall
from unmix_plugins.errors import Cancelled


class FakeCall:
    """A call whose answers end when it is cancelled."""

    def __init__(self, answers: int) -> None:
        self.given = 0
        self.cancelled = threading.Event()
        self._answers = answers

    def cancel(self) -> bool:
        self.cancelled.set()
        return True

    def __iter__(self) -> Iterator[int]:
        for number in range(self._answers):
            self.given += 1
            yield number


def test_answers_come_in_order() -> None:
    call = FakeCall(1000)
    assert list(RunningCall(lambda: call, iter)) == list(range(1000))


def test_what_the_call_raises_is_raised_where_its_answers_are_taken() -> None:
    def answers(_: FakeCall) -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    running = iter(RunningCall(lambda: FakeCall(0), answers))
    assert next(running) == 1
    with pytest.raises(LookupError, match="gone"):
        next(running)


def test_a_slow_taker_holds_the_call_back() -> None:
    call = FakeCall(1000)
    running = iter(RunningCall(lambda: call, iter))
    next(running)
    assert call.given < 20
    assert len(list(running)) == 999


def test_a_call_that_is_cancelled_before_it_is_made_ends_at_once() -> None:
    call = FakeCall(0)
    running = RunningCall(lambda: call, iter)
    running.cancel()
    assert list(running) == []
    assert call.cancelled.is_set()


def test_a_channel_that_was_closed_meanwhile_counts_as_cancelled() -> None:
    def start() -> FakeCall:
        raise ValueError("Cannot invoke RPC on closed channel!")

    with pytest.raises(Cancelled):
        list(RunningCall(start, iter))
