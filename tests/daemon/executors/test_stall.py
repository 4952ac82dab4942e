"""When a worker has stalled, and when it is only slow: by its beats, in seconds that its front was awake."""

from unmix_daemon.awake import AwakeTime
from unmix_daemon.executors.stall import StallWatch
from unmix_daemon.worker.messages import Beat
from unmix_daemon.worker.pulse import Pulse


class Clock:
    """Seconds that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def seconds_until_over(watch: StallWatch, beat: Beat | None) -> int:
    """How long it lasts, in which the worker goes on to say `beat`, or nothing."""
    for second in range(100_000):
        if watch.is_over:
            return second
        watch.passed(1.0)
        if beat:
            watch.heard(beat)
    raise AssertionError("never")


def test_a_worker_that_beats_and_makes_no_step_is_given_up_and_it_is_known_who_was_at_work() -> None:
    watch = StallWatch(600.0)
    assert seconds_until_over(watch, Beat(7, ("job/1",), 2.0)) == 602
    assert watch.at_work == ("job/1",)


def test_a_worker_that_says_nothing_is_given_up_earlier_and_nobody_is_to_blame() -> None:
    watch = StallWatch(600.0)
    watch.heard(Beat(7, ("job/1",), 2.0))
    assert seconds_until_over(watch, None) == 121
    assert watch.at_work == ()


def test_a_worker_that_starts_has_time_to_do_so() -> None:
    watch = StallWatch(600.0)
    watch.heard()  # what it says first is no beat
    assert seconds_until_over(watch, None) == 601


def test_where_steps_are_long_longer_ones_are_no_stall() -> None:
    watch = StallWatch(600.0)
    assert seconds_until_over(watch, Beat(7, ("job/1",), 300.0)) == 3002


def test_a_step_or_news_of_one_begins_the_time_anew() -> None:
    watch = StallWatch(600.0)
    for steps in range(10):
        for _ in range(590):
            watch.passed(1.0)
            watch.heard(Beat(steps, ("job/1",), 1.0))
        assert not watch.is_over
    watch.heard()
    watch.passed(100.0)
    assert not watch.is_over


def test_a_stall_is_told_from_half_of_the_time_on() -> None:
    watch = StallWatch(600.0)
    watch.heard(Beat(1, ("job/1",)))
    watch.passed(60.0)
    assert watch.stalled_seconds == 0
    watch.passed(1.0)
    assert watch.stalled_seconds == 61
    watch.heard(Beat(1, ("job/1",)))
    assert watch.stalled_seconds == 0
    watch.rest()
    assert (watch.stalled_seconds, watch.is_over) == (0, False)


def test_a_laptop_that_slept_has_not_waited_for_its_worker() -> None:
    clock = Clock()
    awake = AwakeTime(2.0, clock)
    watch = StallWatch(600.0)
    watch.heard(Beat(1, ("job/1",)))
    clock.now = 8 * 3600.0
    watch.passed(awake.passed())
    assert (watch.stalled_seconds, watch.is_over) == (0, False)
    clock.now += 1.5
    assert awake.passed() == 1.5
    clock.now -= 100.0
    assert awake.passed() == 0


def test_the_pulse_counts_steps_and_knows_whose_the_present_one_is() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    with pulse.step("a/1", "b/1"):
        clock.now = 3.0
        assert pulse.beat() == Beat(0, ("a/1", "b/1"), 0.0)
    with pulse.step("a/1"):
        clock.now = 4.0
    assert pulse.beat() == Beat(2, (), 3.0)
