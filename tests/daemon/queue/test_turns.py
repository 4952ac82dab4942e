"""Whose turn it is."""

from daemon.job_examples import a_job
from hypothesis import given
from hypothesis import strategies as st
from unmix.words import Job, Priority
from unmix_daemon.queue.turns import Turns

PRIORITIES = st.sampled_from(Priority)
CLIENTS = st.sampled_from("abcd")
JOBS = st.builds(lambda client, priority: a_job(client=client, priority=priority), CLIENTS, PRIORITIES)


def clients(jobs: list[Job]) -> str:
    return "".join(job.client for job in jobs)


def test_more_urgent_jobs_go_first_whenever_they_came() -> None:
    waiting = [
        a_job(priority=priority) for priority in (Priority.BATCH, Priority.INTERACTIVE, Priority.FOLDER)
    ]
    assert [job.options.priority for job in Turns().order(waiting)] == [3, 2, 1]


def test_clients_take_turns() -> None:
    assert clients(Turns().order([a_job(client=client) for client in "aaabbc"])) == "abcaba"


def test_whoever_was_served_last_waits_for_the_others() -> None:
    turns = Turns()
    first, *others = (a_job(client=client) for client in "aaabc")
    turns.take(first)
    assert clients(turns.order(others)) == "bcaa"


def test_whoever_comes_back_goes_behind_those_who_were_served_before() -> None:
    turns = Turns()
    for client in "ab":
        turns.take(a_job(client=client))
    assert clients(turns.order([a_job(client="b"), a_job(client="a")])) == "ab"


def test_a_turn_in_one_priority_costs_none_in_another() -> None:
    turns = Turns()
    turns.take(a_job(client="b"))
    turns.take(a_job(client="a", priority=Priority.INTERACTIVE))
    assert clients(turns.order([a_job(client="b"), a_job(client="a")])) == "ab"


def test_clients_without_number_are_forgotten_the_oldest_first() -> None:
    turns = Turns()
    turns.take(a_job(client="old"))
    for number in range(1024):
        turns.take(a_job(client=f"connection {number}"))
    waiting = [a_job(client="connection 0"), a_job(client="old")]
    assert clients(turns.order(waiting)) == "oldconnection 0"


def test_a_client_that_comes_again_and_again_is_not_forgotten() -> None:
    turns = Turns()
    turns.take(a_job(client="regular"))
    for number in range(1500):
        turns.take(a_job(client=f"connection {number}"))
        if number % 500 == 0:
            turns.take(a_job(client="regular"))
    waiting = [a_job(client="regular"), a_job(client="connection 990")]
    assert clients(turns.order(waiting)) == "connection 990regular"


@given(st.lists(JOBS, max_size=20))
def test_nobody_is_lost_and_a_clients_jobs_keep_their_order(waiting: list[Job]) -> None:
    ordered = Turns().order(waiting)
    assert sorted(job.job_id for job in ordered) == sorted(job.job_id for job in waiting)
    for client in "abcd":
        for priority in (Priority.BATCH, Priority.FOLDER, Priority.INTERACTIVE):
            whose = (client, priority)
            mine = [job for job in waiting if (job.client, job.options.priority) == whose]
            assert [job for job in ordered if (job.client, job.options.priority) == whose] == mine


@given(st.lists(JOBS, max_size=20), st.lists(JOBS, max_size=20))
def test_the_order_is_the_same_as_long_as_nothing_happens(waiting: list[Job], served: list[Job]) -> None:
    turns = Turns()
    for job in served:
        turns.take(job)
    assert turns.order(waiting) == turns.order(waiting)


@given(st.lists(st.tuples(JOBS, st.booleans()), min_size=1, max_size=60))
def test_nobody_waits_for_more_than_one_job_of_each_other_client(history: list[tuple[Job, bool]]) -> None:
    """However jobs come in between: while a job is the first of its client, each other is served once at most."""
    turns = Turns()
    waiting: list[Job] = []
    overtaken: dict[tuple[str, str], int] = {}

    def serve() -> None:
        served = turns.order(waiting)[0]
        turns.take(served)
        waiting.remove(served)
        priority = served.options.priority
        heads: dict[str, Job] = {}
        for job in waiting:
            if job.options.priority == priority and job.client != served.client:
                heads.setdefault(job.client, job)
        for head in heads.values():
            pair = (head.job_id, served.client)
            overtaken[pair] = overtaken.get(pair, 0) + 1
            assert overtaken[pair] <= 1

    for job, serves in history:
        waiting.append(job)
        if serves:
            serve()
    while waiting:
        serve()
