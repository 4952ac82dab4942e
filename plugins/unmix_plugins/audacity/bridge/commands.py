"""What `unmix audacity …` and the progress window ask of the running bridge."""

import os
import queue
from collections.abc import Callable, Iterator
from typing import Any

from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.click import Click, State
from unmix_plugins.audacity.bridge.control import Event, Request
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.bridge.wording import on_music
from unmix_plugins.audacity.bridge.writing import Writing
from unmix_plugins.audacity.effect.operations import Operation
from unmix_plugins.audacity.program.connection import Connection
from unmix_plugins.audacity.program.process import audacity_pids
from unmix_plugins.errors import InvalidRequest, NotPossibleNow
from unmix_plugins.version import version

_TELL = 0.5
"""Seconds between two progress events."""


class Commands:
    """Each method yields the events of its answer; `control.py` says which."""

    def __init__(
        self,
        answers: Answers,
        jobs: Jobs,
        writing: Writing,
        connection: Connection,
        stop: Callable[[], object],
    ) -> None:
        """Command these parts of one bridge; `stop` ends it."""
        self._answers = answers
        self._jobs = jobs
        self._writing = writing
        self._connection = connection
        self._stop = stop

    def handle(self, request: Request) -> Iterator[Event]:
        """The answer to one request. Raises UnmixError."""
        match request.get("do"):
            case "status":
                yield self._status()
            case "run":
                yield from self._run(request)
            case "cancel":
                if not self._jobs.get(_job(request)).work.cancel():
                    raise NotPossibleNow("This is no longer worked on: dismiss it, or undo it in Audacity.")
                yield _done("Cancelled; nothing was changed.")
            case "collect":
                yield from self._collect(request)
            case "dismiss":
                self._jobs.dismiss(_job(request))
                yield _done("The result was thrown away.")
            case "stop":
                yield _done("The bridge ends.")
                self._stop()
            case other:
                raise InvalidRequest(f"The bridge does not know “{other}”: use one version of unmix.")

    def _status(self) -> Event:
        running = next(iter(audacity_pids()), None)
        return {
            "event": "status",
            "pid": os.getpid(),
            "version": version(),
            "audacity": {
                "connected": self._connection.editor() is not None,
                "pid": self._connection.pid() or running,
            },
            "jobs": [_described(number, click) for number, click in self._jobs.all().items()],
        }

    def _run(self, request: Request) -> Iterator[Event]:
        try:
            operation = Operation(str(request.get("operation")))
        except ValueError as error:
            raise InvalidRequest(
                f"Audacity's effects do not include “{request.get('operation')}”."
            ) from error
        settings = _settings(operation, request)
        clicks: queue.SimpleQueue[Click] = queue.SimpleQueue()
        with self._writing.turn:
            editor = self._connection.editor()
            if editor is None:
                raise NotPossibleNow(
                    "Audacity's script pipe does not answer: start Audacity, or see `unmix audacity doctor`."
                )
            if not any(track.is_selected and track.is_wave for track in editor.tracks()):
                raise NotPossibleNow(
                    "No audio track is selected in Audacity: select what shall be worked on."
                )
            with self._answers.expecting(operation, settings, clicks.put):
                editor.run(operation.effect, undo=True)
        if clicks.empty():
            raise NotPossibleNow("Audacity did not take the effect: look at its window.")
        click = clicks.get()
        while not click.ended.wait(_TELL):
            yield {"event": "progress", **_progress(click)}
        if click.state is State.DONE:
            yield _done(f"{operation.effect}: done. {on_music(click.summaries)}".rstrip())
        else:
            yield {"event": "failed", "message": click.message}

    def _collect(self, request: Request) -> Iterator[Event]:
        click = self._jobs.get(_job(request))
        if click.state not in {State.READY, State.CHANGED, State.WAITING}:
            raise NotPossibleNow(f"There is nothing to fetch yet: this job is {click.state}.")
        self._writing.write(click, as_new_tracks=bool(request.get("as_new_track")), confirmed=True)
        if click.state is State.DONE:
            yield _done(f"The result is in Audacity. {on_music(click.summaries)}".rstrip())
        else:
            yield {"event": "failed", "message": click.message}


def _settings(operation: Operation, request: Request) -> dict[str, str]:
    """What the command asks for, named as a dialog names it."""
    denoises = operation in {Operation.DENOISE, Operation.DENOISE_COPY, Operation.NOISE_COPY}
    settings: dict[str, str] = {}
    if (model := request.get("model")) is not None:
        settings["denoise_model" if denoises else "separate_model"] = str(model)
    if (limit := request.get("attenuation_limit_db")) is not None:
        settings["attenuation_limit_db"] = str(limit)
    if (stems := request.get("stems")) is not None:
        settings["stems"] = " ".join(map(str, stems))
    return settings


def _described(number: str, click: Click) -> dict[str, Any]:
    return {
        "id": number,
        "operation": str(click.order.operation),
        "tracks": [handed.request.name for handed in click.handed],
        "state": str(click.state),
        "message": click.message,
        **_progress(click),
    }


def _progress(click: Click) -> dict[str, Any]:
    return {"fraction": click.work.fraction, "remaining_seconds": click.work.remaining_seconds}


def _job(request: Request) -> str:
    return str(request.get("job", ""))


def _done(message: str) -> Event:
    return {"event": "done", "message": message}
