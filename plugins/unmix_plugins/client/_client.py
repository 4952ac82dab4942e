"""The client: one object for everything that the daemon does."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from unmix.v1 import models_pb2, models_pb2_grpc
from unmix.words import DaemonStatus, DenoiseTask, Event, Options, Summary, Task

from unmix_plugins.client import _audio
from unmix_plugins.client._jobs import Jobs
from unmix_plugins.client._link import Link
from unmix_plugins.client._models import Models
from unmix_plugins.files.outputs import Outputs, Targets
from unmix_plugins.files.source import Source

_ANSWER_SECONDS = 10.0


class Client:
    """Speaks with one daemon; use it in a `with` statement, from one thread at a time.

    Every method raises UnmixError and nothing else, apart from what callbacks raise. When the daemon went
    away, the next call finds or starts it again. `close()` from another thread ends a running call.

        with Client.connect(client_name="my-tool") as client:
            client.denoise(Path("talk.wav"), {"clean": Path("talk.clean.wav")})
    """

    def __init__(self, link: Link) -> None:
        """Speak over `link`; `Client.connect` makes one."""
        self._link = link
        self.jobs = Jobs(link)
        self.models = Models(link)

    @classmethod
    def connect(
        cls,
        state: Path | None = None,
        *,
        client_name: str,
        start: bool = True,
        on_start: Callable[[], object] = lambda: None,
    ) -> Self:
        """Find the daemon and connect to it; with `start`, start one when none answers.

        It is looked for in the folder `state`, or, where that is None, at the address UNMIX_ADDRESS with the
        token UNMIX_TOKEN and, unless that is a unix socket, the certificate UNMIX_CERT, or in the folder
        UNMIX_STATE, or in the user's own state folder. A daemon at a given address is never started.
        `client_name`, in ASCII, is what `unmix jobs list` shows and what the daemon's fairness goes by; `on_start` is
        called before a daemon is started.

        Raises DaemonUnreachable, DaemonNotStarted or AccessRefused.
        """
        link = Link(state, client_name=client_name, start=start, on_start=on_start)
        link.channel()
        return cls(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and with it every running call."""
        self._link.close()

    def denoise(
        self,
        source: Path | BinaryIO,
        targets: Targets,
        task: DenoiseTask | None = None,
        options: Options | None = None,
        *,
        overwrite: bool = False,
        on_event: Callable[[Event], object] = lambda _: None,
    ) -> Summary:
        """Remove noise from a recording: the stems are `clean` and `noise`. As `process`."""
        return self.process(
            source, targets, task or DenoiseTask(), options, overwrite=overwrite, on_event=on_event
        )

    def process(
        self,
        source: Path | BinaryIO,
        targets: Targets,
        task: Task,
        options: Options | None = None,
        *,
        overwrite: bool = False,
        on_event: Callable[[Event], object] = lambda _: None,
    ) -> Summary:
        """Do a task with a recording and write the outputs that it gives to `targets`.

        Raises InvalidRequest, before anything is sent, for what the contract says cannot be.

        Every event goes to `on_event`, the summary last, when the files are in place. Files appear complete
        and together or not at all; without `overwrite` one that exists is an error. An exception from
        `on_event`, or Ctrl-C, cancels the work on the daemon and leaves no file.
        """
        with Source(source) as upload, Outputs(targets, overwrite=overwrite) as outputs:
            return _audio.process(
                self._link, upload, outputs, task=task, options=options or Options(), on_event=on_event
            )

    def status(self) -> DaemonStatus:
        """The daemon, its queue and its devices."""
        request = models_pb2.GetStatusRequest()
        answer = self._link.answer(
            lambda channel: models_pb2_grpc.ModelServiceStub(channel).GetStatus.future(
                request, timeout=_ANSWER_SECONDS
            )
        )
        return DaemonStatus.from_proto(answer)

    def is_answered(self) -> bool:
        """True while a daemon answers; starts none."""
        return self._link.is_answered()
