"""Which models stay in memory, and for how long."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from unmix_daemon.reports import Resident
from unmix_daemon.worker.residency import Residency
from unmix_models.errors import InvalidWeights, OutOfMemory

MEBIBYTE = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Network:
    """A loaded model, as far as residency knows one."""

    memory_bytes: int
    closed: bool = False

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Bench:
    """A device with a budget of 100 MiB, and every model that was ever loaded on it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.changes = 0
        self.residency: Residency[Network] = Residency(100 * MEBIBYTE, self.clock, self._changed)
        self.loaded: list[Network] = []

    def _changed(self) -> None:
        self.changes += 1
        self.residency.residents()  # whoever is told looks at once

    def loader(self, mebibytes: int = 40, seconds: float = 0.0) -> Callable[[], Network]:
        def load() -> Network:
            self.clock.now += seconds
            self.loaded.append(Network(mebibytes * MEBIBYTE))
            return self.loaded[-1]

        return load

    def use(self, name: str, mebibytes: int = 40, keep_alive: float = 300.0) -> Network:
        with self.residency.use(name, self.loader(mebibytes), keep_alive) as (model, _):
            return model

    @property
    def names(self) -> list[str]:
        return [resident.model for resident in self.residency.residents()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_model_is_loaded_once_and_shared(bench: Bench) -> None:
    with (
        bench.residency.use("a", bench.loader(), 300) as (first, _),
        bench.residency.use("a", bench.loader(), 300) as (second, _),
    ):
        assert first is second
    assert bench.use("a") is first
    assert len(bench.loaded) == 1


def test_the_seconds_of_loading_are_told_to_whoever_waited_for_it(bench: Bench) -> None:
    with bench.residency.use("a", bench.loader(seconds=2.5), 300) as (_, seconds):
        assert seconds == 2.5
    with bench.residency.use("a", bench.loader(seconds=2.5), 300) as (_, seconds):
        assert seconds == 0.0


def test_a_model_stays_for_its_keep_alive_after_its_last_use(bench: Bench) -> None:
    model = bench.use("a", keep_alive=60)
    assert bench.residency.next_expiry() == 160.0
    bench.clock.now = 159.0
    bench.use("a", keep_alive=60)
    assert bench.residency.next_expiry() == 219.0
    bench.clock.now = 218.9
    bench.residency.expire()
    assert not model.closed
    bench.clock.now = 219.0
    bench.residency.expire()
    assert model.closed
    assert bench.names == []
    assert bench.residency.next_expiry() is None


def test_a_keep_alive_of_0_unloads_at_once(bench: Bench) -> None:
    assert bench.use("a", keep_alive=0).closed
    assert bench.names == []


def test_a_negative_keep_alive_is_for_ever(bench: Bench) -> None:
    model = bench.use("a", keep_alive=-1)
    bench.clock.now = 1e12
    bench.residency.expire()
    assert not model.closed
    assert bench.residency.next_expiry() is None


def test_the_latest_keep_alive_counts(bench: Bench) -> None:
    bench.use("a", keep_alive=-1)
    bench.use("a", keep_alive=10)
    assert bench.residency.next_expiry() == 110.0


def test_a_busy_model_neither_expires_nor_says_when(bench: Bench) -> None:
    with bench.residency.use("a", bench.loader(), 10) as (model, _):
        bench.clock.now = 1e9
        bench.residency.expire()
        assert bench.residency.next_expiry() is None
        assert bench.residency.residents() == (Resident("a", 40 * MEBIBYTE, None, busy=True),)
    assert not model.closed
    assert bench.residency.residents() == (Resident("a", 40 * MEBIBYTE, 1e9 + 10, busy=False),)


def test_a_model_with_two_users_is_busy_until_both_are_done(bench: Bench) -> None:
    with bench.residency.use("a", bench.loader(), 0) as (model, _):
        with bench.residency.use("a", bench.loader(), 0):
            pass
        assert not model.closed
    assert model.closed


def test_the_longest_idle_goes_first_when_the_budget_would_be_passed(bench: Bench) -> None:
    for name in ("a", "b"):
        bench.use(name)
        bench.clock.now += 1
    bench.use("a")
    bench.use("c")
    assert bench.names == ["a", "c"]


def test_no_more_goes_than_has_to(bench: Bench) -> None:
    for name in ("a", "b", "c"):
        bench.use(name, 30)
        bench.clock.now += 1
    bench.use("d", 40)
    assert bench.names == ["b", "c", "d"]


def test_what_just_fits_evicts_nothing(bench: Bench) -> None:
    bench.use("a", 60)
    bench.use("b", 40)
    assert bench.names == ["a", "b"]


def test_a_busy_model_is_never_evicted(bench: Bench) -> None:
    with bench.residency.use("old", bench.loader(60), 300) as (model, _):
        bench.clock.now += 1
        bench.use("idle", 40)
        bench.use("new", 40)
        assert bench.names == ["new", "old"]
        assert not model.closed


def test_a_budget_held_by_busy_models_says_how_much_and_what_to_do(bench: Bench) -> None:
    with bench.residency.use("busy", bench.loader(70), 300):
        expected = (
            "'big' needs 40 MiB .* budget of 100 MiB holds 70 MiB of busy models; try again later or raise"
        )
        with pytest.raises(OutOfMemory, match=expected):
            bench.use("big")
        assert bench.names == ["busy"]
        assert bench.loaded[-1].closed


def test_a_model_beyond_the_whole_budget_costs_nobody_a_place(bench: Bench) -> None:
    bench.use("idle")
    with pytest.raises(
        OutOfMemory, match="'big' needs 101 MiB, more than the whole budget of 100 MiB; raise memory_budget"
    ):
        bench.use("big", 101)
    assert bench.names == ["idle"]
    assert bench.loaded[-1].closed


def test_a_device_out_of_memory_frees_what_is_idle_and_tries_once_more(bench: Bench) -> None:
    bench.use("idle", 10)
    with bench.residency.use("busy", bench.loader(10), 300):
        tries: list[list[str]] = []

        def load() -> Network:
            tries.append(bench.names)
            if len(tries) == 1:
                raise OutOfMemory("full")
            return bench.loader(10)()

        with bench.residency.use("new", load, 300):
            assert tries == [["busy", "idle"], ["busy"]]
            assert bench.names == ["busy", "new"]


def test_a_device_that_stays_out_of_memory_is_not_asked_a_third_time(bench: Bench) -> None:
    tries = 0

    def load() -> Network:
        nonlocal tries
        tries += 1
        raise OutOfMemory("full")

    with pytest.raises(OutOfMemory, match="full"), bench.residency.use("new", load, 300):
        pass
    assert tries == 2
    assert bench.names == []


def test_a_model_that_cannot_be_loaded_leaves_no_trace_and_may_be_tried_again(bench: Bench) -> None:
    def load() -> Network:
        raise InvalidWeights("broken")

    with pytest.raises(InvalidWeights), bench.residency.use("a", load, 300):
        pass
    assert bench.names == []
    assert not bench.use("a").closed


def test_a_user_that_fails_gives_the_model_back(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), bench.residency.use("a", bench.loader(), 300):
        _ = 1 // 0
    assert not bench.residency.residents()[0].busy


def test_unloading_is_at_once_when_idle_and_no_error_when_absent(bench: Bench) -> None:
    model = bench.use("a")
    bench.residency.unload("a")
    bench.residency.unload("a")
    assert model.closed
    assert bench.names == []


def test_unloading_a_busy_model_waits_for_its_users(bench: Bench) -> None:
    with bench.residency.use("a", bench.loader(), -1) as (model, _):
        bench.residency.unload("a")
        assert not model.closed
    assert model.closed


def test_a_new_user_keeps_a_model_that_was_asked_to_leave(bench: Bench) -> None:
    with bench.residency.use("a", bench.loader(), -1) as (model, _):
        bench.residency.unload("a")
        with bench.residency.use("a", bench.loader(), -1):
            pass
    assert not model.closed


def test_freeing_what_is_idle_leaves_what_is_busy(bench: Bench) -> None:
    with bench.residency.use("busy", bench.loader(10), -1):
        bench.use("one", 10, keep_alive=-1)
        bench.use("two", 10)
        bench.residency.free_idle()
        assert bench.names == ["busy"]


def test_every_load_and_unload_is_told(bench: Bench) -> None:
    with ExitStack() as stack:
        stack.enter_context(bench.residency.use("a", bench.loader(), 0))
        loaded = bench.changes
        assert loaded >= 1
    assert bench.changes > loaded
