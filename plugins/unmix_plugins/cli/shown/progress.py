"""Progress bars on stderr, for as long as something runs; nothing where nobody watches."""

from pathlib import PurePath
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from unmix.words import Accepted, Event, PullStep, Summary
from unmix.words import Progress as JobProgress

from unmix_plugins.cli.shown.terminal import is_watched, printable, progress_console
from unmix_plugins.cli.shown.wording import seconds_text, size_text

_LONGEST_NAME = 31
_ENDS = 15


class ProgressBar:
    """One bar, for one file, job or download."""

    def __init__(self, name: str, *, shown: bool = True) -> None:
        """Begin nothing yet; the last part of the path `name` stands before the bar."""
        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            TextColumn("{task.fields[stage]}", style="dim", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %", markup=False),
            TextColumn("{task.fields[rest]}", style="dim", markup=False),
            console=progress_console(),
            transient=True,
            disable=not (shown and is_watched()),
        )
        self._bar: TaskID = self._progress.add_task(
            "", total=1.0, name=_short(name), stage="sending", rest=""
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_event(self, event: Event) -> None:
        """Show a job's event."""
        match event:
            case Accepted():
                ahead = f" behind {event.queue_position}" if event.queue_position else ""
                self._show(f"waiting{ahead}", 0.0, "")
            case JobProgress():
                self.show_job(event)
            case Summary():
                self._show("done", 1.0, "")
            case _:
                pass

    def show_job(self, progress: JobProgress) -> None:
        """Show how far a job is."""
        rest = progress.remaining_seconds
        self._show(progress.stage, progress.fraction, "" if rest is None else f"{seconds_text(rest)} left")

    def show_pull(self, step: PullStep) -> None:
        """Show how far a download is."""
        done, total = step.done_bytes, step.total_bytes
        of_total = f" of {size_text(total)}" if total else ""
        self._show(step.stage, done / total if total else 0.0, f"{size_text(done)}{of_total}")

    def _show(self, stage: str, fraction: float, rest: str) -> None:
        self._progress.update(self._bar, completed=fraction, stage=printable(stage), rest=rest)


def _short(name: str) -> str:
    last = printable(PurePath(name).name)
    return last if len(last) <= _LONGEST_NAME else f"{last[:_ENDS]}…{last[-_ENDS:]}"
