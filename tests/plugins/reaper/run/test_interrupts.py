"""Signals interrupt the action once, and never within what belongs together."""

import os
import signal

import pytest
from unmix_plugins.reaper.run.interrupts import Interrupts


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_only_the_first_signal_interrupts() -> None:
    with Interrupts():
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        interrupt()


def test_what_belongs_together_is_done_whole_and_interrupted_after_it() -> None:
    done: list[str] = []

    def whole(interrupts: Interrupts, what: str) -> None:
        with interrupts.held():
            interrupt()
            done.append(what)

    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            whole(interrupts, "the first")
        whole(interrupts, "what cleans up")
    assert done == ["the first", "what cleans up"]


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
