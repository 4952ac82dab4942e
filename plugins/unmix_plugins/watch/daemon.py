"""What watched folders ask of the daemon; `unmix_plugins.client.Client` has it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from unmix.words import Job, Options, OutputStarted, Summary, Task

from unmix_plugins.files.outputs import Target


class Jobs(Protocol):
    """Durable jobs. All raise UnmixError."""

    def submit(
        self,
        source: Path | BinaryIO,
        task: Task | None = None,
        options: Options | None = None,
        *,
        idempotency_key: str = "",
    ) -> Job:
        """Upload a recording and queue its job; the same key gives the job that there is already."""
        ...

    def get(self, job_id: str) -> Job:
        """A job as it stands."""
        ...

    def list(self, *, client: str = "") -> Iterator[Job]:
        """A client's jobs, newest first."""
        ...

    def save(
        self, job_id: str, targets: Callable[[OutputStarted], Target | None], *, overwrite: bool = False
    ) -> Summary:
        """Download outputs of a completed job; all files or none."""
        ...

    def delete(self, job_id: str) -> None:
        """Remove a job and its files."""
        ...


class Daemon(Protocol):
    """A connection to it."""

    @property
    def jobs(self) -> Jobs:
        """Those that outlive the connection."""
        ...

    def close(self) -> None:
        """Give it up."""
        ...
