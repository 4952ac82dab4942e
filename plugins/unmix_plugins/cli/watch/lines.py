"""What `unmix watch` says: one line for each recording, and what it waits for."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from unmix_plugins.cli.shown.terminal import complain, say, say_json
from unmix_plugins.cli.shown.wording import engine_text, seconds_text
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.ledger.entry import Result
from unmix_plugins.watch.notify.report import Finished, GivenUp, GoesOn, Note, Postponed, Report, Waits

_EVENTS: Mapping[type[Report], str] = {Finished: "done", GivenUp: "failed"}
"""What scripts read, where it is another word than ours."""


class Lines:
    """Prints reports as they come: results on stdout, everything else on stderr."""

    def __init__(self, *, as_json: bool) -> None:
        """Nothing has happened yet."""
        self._as_json = as_json
        self._done = 0
        self.failed = 0
        """Recordings that were given up."""
        self._result = Result()

    def __call__(self, report: Report) -> None:
        """Say one thing."""
        self._count(report)
        if self._as_json:
            say_json({"event": _EVENTS.get(type(report)) or type(report).__name__.lower()} | _facts(report))
            return
        match report:
            case Finished():
                say(_done_text(report))
            case GivenUp():
                said = f"{shown(report.source)}: {report.message}"
                complain(f"{said} It is in {shown(report.letter.parent)}, with the reason.")
            case Postponed():
                again = f"It is tried again in {seconds_text(report.seconds)}."
                complain(f"{shown(report.source)}: {report.message} {again}")
            case Waits():
                complain(f"waits: {report.sentence}")
            case GoesOn():
                complain(f"goes on: this is over: {report.sentence}")
            case Note():
                complain(report.sentence)

    def summary(self) -> None:
        """Say what all of it was."""
        seconds = self._result.seconds
        if self._as_json:
            say_json({"event": "summary", "done": self._done, "failed": self.failed, "seconds": seconds})
        else:
            say(f"{self._done} done ({seconds_text(seconds)} of sound), {self.failed} failed.")

    def _count(self, report: Report) -> None:
        match report:
            case Finished():
                self._done += 1
                self._result = Result(seconds=self._result.seconds + report.result.seconds)
            case GivenUp():
                self.failed += 1
            case _:
                pass


class WarningLines(logging.Handler):
    """Says warnings of the watcher's parts as the command says everything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one."""
        complain(shown(self.format(record)) if record.exc_info is None else self.format(record))


def _done_text(report: Finished) -> str:
    parts = [shown(report.source)]
    if report.outputs:
        parts[0] += f" → {_outputs_text(report.outputs)}"
        parts.append(engine_text(report.result.model, report.result.device))
        parts.append(
            f"{seconds_text(report.result.seconds)} in {seconds_text(report.result.processing_seconds)}"
        )
    if report.result.is_skipped:
        parts.append("Its name is taken in the target: it was left alone.")
    if report.result.note:
        parts.append(report.result.note)
    return "  ".join(parts)


def _outputs_text(outputs: Sequence[Path]) -> str:
    folders = {path.parent for path in outputs}
    if len(outputs) == 1 or len(folders) > 1:
        return ", ".join(map(shown, outputs))
    return f"{shown(folders.pop())}: {', '.join(shown(path.name) for path in outputs)}"


def _facts(report: Report) -> dict[str, object]:
    """The report's fields, with paths as text that every pipe carries."""
    match report:
        case Finished(folder, source, outputs, result):
            paths = {"source": shown(source), "outputs": [shown(path) for path in outputs]}
            return {"folder": shown(folder), **paths, "result": result}
        case GivenUp(folder, source, reason, message, letter):
            said = {"reason": reason, "message": message, "letter": shown(letter)}
            return {"folder": shown(folder), "source": shown(source), **said}
        case Postponed(folder, source, message, seconds):
            said = {"message": message, "seconds": seconds}
            return {"folder": shown(folder), "source": shown(source), **said}
        case Waits(folder, sentence) | GoesOn(folder, sentence):
            return {"folder": shown(folder), "message": sentence}
        case Note(sentence):
            return {"message": sentence}
