"""A gRPC call in a thread of its own."""

from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, Protocol, TypeVar

from unmix_plugins.errors import Cancelled

_AHEAD = 8
"""Messages that may wait: enough to be busy on both sides, and 8 MiB at most."""
_INTERVAL = 0.1
"""Seconds between looks at signals, which Windows does not let in while a thread waits."""

Item = TypeVar("Item")
Answer_co = TypeVar("Answer_co", covariant=True)


class AnyCall(Protocol):
    """A call of gRPC, of whichever shape."""

    def cancel(self) -> bool: ...


class OneAnswer(AnyCall, Protocol[Answer_co]):
    """A call with one answer."""

    def result(self) -> Answer_co: ...


class ManyAnswers(AnyCall, Protocol[Answer_co]):
    """A call with a stream of answers."""

    def __iter__(self) -> Iterator[Answer_co]: ...


Call = TypeVar("Call", bound=AnyCall)


class RunningCall(Generic[Item]):
    """Makes a call and takes its answers, for a thread that Ctrl-C may interrupt anywhere.

    KeyboardInterrupt inside gRPC, between its taking of a lock and the `try` around it, leaves the lock
    taken for ever, and closing the channel then waits for ever (seen with grpcio 1.85 in one of four runs).
    Here the caller's thread only waits at queues, whose methods are atomic.
    """

    def __init__(self, start: Callable[[], Call], answers: Callable[[Call], Iterable[Item]]) -> None:
        """Nothing happens before the first item is taken: then `answers(start())` gives them."""
        self._start = start
        self._answers = answers
        self._call: AnyCall | None = None
        self._is_cancelled = False
        self._items: SimpleQueue[tuple[Item] | BaseException | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_AHEAD):
            self._room.put(None)

    def __iter__(self) -> Iterator[Item]:
        """The answers; raises what the call raised."""
        Thread(target=self._run, name="unmix call", daemon=True).start()
        while (item := self._wait()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
            self._room.put(None)

    def cancel(self) -> None:
        """End the call, from any thread; nothing is changed where it has ended."""
        self._is_cancelled = True
        self._room.put(None)
        if self._call is not None:
            self._call.cancel()

    def _wait(self) -> tuple[Item] | BaseException | None:
        while True:
            try:
                return self._items.get(timeout=_INTERVAL)
            except Empty:
                continue

    def _run(self) -> None:
        try:
            try:
                call = self._start()
            except ValueError as error:  # the channel was closed by another thread
                raise Cancelled from error
            self._call = call
            if self._is_cancelled:  # before there was a call to cancel
                call.cancel()
            for item in self._answers(call):
                self._room.get()
                self._items.put((item,))
            self._items.put(None)
        except BaseException as error:  # noqa: BLE001  # raised in the thread that waits
            self._items.put(error)
