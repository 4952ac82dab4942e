"""The unfinished jobs: what is known of each, and which of them wait for a device."""

import asyncio

from unmix.words import Job

from unmix_daemon.queue.live_job import LiveJob


class Backlog:
    """Jobs from their acceptance to their end."""

    def __init__(self) -> None:
        """Nothing is to be done."""
        self.live: dict[str, LiveJob] = {}
        self.waiting: dict[str, Job] = {}
        """In the order of their arrival."""
        self.is_closing = False
        self.kick = asyncio.Event()
        """Set whenever it may be somebody's turn."""
        self.idle = asyncio.Event()
        """Set whenever an attempt or a job has ended."""

    def add(self, job: Job) -> None:
        """A job waits. While the daemon stops a durable one waits for the next."""
        self.live.setdefault(job.job_id, LiveJob(job))
        if job.attached or not self.is_closing:
            self.waiting[job.job_id] = job
            self.kick.set()

    def close(self) -> None:
        """Only jobs that a caller waits for are begun any more."""
        self.is_closing = True
        self.waiting = {key: job for key, job in self.waiting.items() if job.attached}

    def end(self, job: Job) -> None:
        """A job has ended, and that is recorded."""
        live = self.live.pop(job.job_id, None)
        if live:
            live.record(job)
        self.idle.set()
