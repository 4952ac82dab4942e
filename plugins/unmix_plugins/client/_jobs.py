"""Work that outlives the call."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import grpc
from unmix.v1 import jobs_pb2, jobs_pb2_grpc
from unmix.words import (
    AudioFacts,
    DenoiseTask,
    Job,
    JobEvent,
    JobState,
    Options,
    OutputPiece,
    OutputStarted,
    Summary,
    Task,
)

from unmix_plugins.client._link import Link
from unmix_plugins.client._spec import fill
from unmix_plugins.errors import DaemonUnreachable, NotPossibleNow, from_job_failure
from unmix_plugins.files.outputs import Outputs, Targets
from unmix_plugins.files.source import Source

_ANSWER_SECONDS = 60.0
_PAGE_SIZE = 200
_FRUITLESS_TRIES = 5
"""Streams in a row that broke before anything came: then the daemon is not well, and we say so."""


Item = TypeVar("Item")


class Jobs:
    """The daemon's durable jobs; `Client.jobs`."""

    def __init__(self, link: Link) -> None:
        """Speak over `link`."""
        self._link = link

    def submit(
        self,
        source: Path | BinaryIO,
        task: Task | None = None,
        options: Options | None = None,
        *,
        idempotency_key: str = "",
    ) -> Job:
        """Upload a recording and queue its job, which the daemon finishes whatever becomes of this process.

        No `task`: remove noise.
        A second submission with the same `idempotency_key` gives the first one's job; empty: a new one.
        """
        with Source(source) as upload:
            spec = jobs_pb2.JobSpec(idempotency_key=idempotency_key or uuid.uuid4().hex)
            fill(spec, task or DenoiseTask(), options or Options(), upload)
            first = jobs_pb2.SubmitJobRequest(spec=spec)
            pieces = upload.requests(first, lambda data: jobs_pb2.SubmitJobRequest(data=data))
            answer = self._link.answer(lambda channel: _stub(channel).SubmitJob.future(pieces), [upload])
        return Job.from_proto(answer.job)

    def get(self, job_id: str) -> Job:
        """A job as it stands."""
        request = jobs_pb2.GetJobRequest(job_id=job_id)
        answer = self._link.answer(
            lambda channel: _stub(channel).GetJob.future(request, timeout=_ANSWER_SECONDS)
        )
        return Job.from_proto(answer.job)

    def list(self, states: Iterable[JobState] = (), *, client: str = "") -> Iterator[Job]:
        """Jobs, newest first, as many as are taken; no `states`: all, no `client`: everybody's."""
        request = jobs_pb2.ListJobsRequest(
            states=[state.to_proto() for state in states], client=client, page_size=_PAGE_SIZE
        )
        while True:
            answer = self._link.answer(
                lambda channel: _stub(channel).ListJobs.future(request, timeout=_ANSWER_SECONDS)
            )
            yield from map(Job.from_proto, answer.jobs)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def watch(self, job_id: str, after_sequence: int = 0) -> Iterator[JobEvent]:
        """What happens to a job after event `after_sequence`, until it is finished.

        When the daemon goes away it is found or started again, and the events go on without loss.
        """
        last = after_sequence

        def events() -> Iterator[JobEvent]:
            nonlocal last
            request = jobs_pb2.WatchJobRequest(job_id=job_id, after_sequence=last)
            with self._link.answers(lambda channel: _stub(channel).WatchJob(request)) as responses:
                for response in responses:
                    last = response.sequence
                    yield JobEvent.from_proto(response)

        return self._resumed(events)

    def cancel(self, job_id: str) -> Job:
        """Stop a job within one segment; a finished one stays as it is."""
        request = jobs_pb2.CancelJobRequest(job_id=job_id)
        answer = self._link.answer(
            lambda channel: _stub(channel).CancelJob.future(request, timeout=_ANSWER_SECONDS)
        )
        return Job.from_proto(answer.job)

    def retry(self, job_id: str) -> Job:
        """Queue a failed job again; its input is kept as long as a result would be."""
        request = jobs_pb2.RetryJobRequest(job_id=job_id)
        answer = self._link.answer(
            lambda channel: _stub(channel).RetryJob.future(request, timeout=_ANSWER_SECONDS)
        )
        return Job.from_proto(answer.job)

    def delete(self, job_id: str) -> None:
        """Remove a job and its files, cancelling it first if it is not finished."""
        request = jobs_pb2.DeleteJobRequest(job_id=job_id)
        self._link.answer(lambda channel: _stub(channel).DeleteJob.future(request, timeout=_ANSWER_SECONDS))

    def read_output(self, job_id: str, name: str, offset: int = 0) -> Iterator[OutputPiece]:
        """The output `name` of a completed job from byte `offset` on; goes on where it broke off."""
        position = offset

        def pieces() -> Iterator[OutputPiece]:
            nonlocal position
            request = jobs_pb2.ReadOutputRequest(job_id=job_id, stem=name, offset=position)
            with self._link.answers(lambda channel: _stub(channel).ReadOutput(request)) as responses:
                for response in responses:
                    position = response.offset + len(response.data)
                    yield OutputPiece(name, response.offset, response.data)

        return self._resumed(pieces)

    def save(self, job_id: str, targets: Targets, *, overwrite: bool = False) -> Summary:
        """Download outputs of a completed job, checked as those of a call are; all files or none.

        Outputs that `targets` does not name are left out. Raises NotPossibleNow while the job has no result.
        """
        job = self.get(job_id)
        if job.error is not None:
            raise from_job_failure(job.error)
        if job.summary is None:
            raise NotPossibleNow(f"Job {job_id} is {job.state}.", facts={"job": job_id})
        facts = job.summary.audio or AudioFacts(0, 0, 0)
        with Outputs(targets, overwrite=overwrite) as outputs:
            for output in job.summary.outputs:
                started = OutputStarted(
                    output.name,
                    output.stem,
                    output.format,
                    output.extension,
                    facts.sample_rate,
                    facts.channels,
                )
                if outputs.begin(started):
                    for piece in self.read_output(job_id, output.name):
                        outputs.write(piece)
            outputs.commit(job.summary.outputs)
        return job.summary

    def _resumed(self, open_stream: Callable[[], Iterator[Item]]) -> Iterator[Item]:
        """The items of a stream that is opened again, where it broke off, when the daemon went away."""
        fruitless = 0
        while True:
            try:
                for item in open_stream():
                    fruitless = 0
                    yield item
                return
            except DaemonUnreachable:
                fruitless += 1
                if fruitless >= _FRUITLESS_TRIES:
                    raise
            self._link.restore()


def _stub(channel: grpc.Channel) -> jobs_pb2_grpc.JobServiceStub:
    return jobs_pb2_grpc.JobServiceStub(channel)
