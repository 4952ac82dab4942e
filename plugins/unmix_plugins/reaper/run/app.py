"""`unmix reaper-run`: an action's items through the daemon, one source after the other, told of line by line.

    {"event": "started", "items": 200}
    {"event": "progress", "fraction": 0.31, "stage": "denoising", "item": "…", "index": 3, "items": 200,
     "remaining_seconds": 12.5}                               null while unknown
    {"event": "item", "id": "…", "outputs": [{"name": "clean", "stem": "clean", "path": "…", "frames": 56789,
     "sample_rate": 48000, "channels": 2}], "notes": ["…"]}
    {"event": "item_failed", "id": "…", "message": "…"}       the others go on
    {"event": "finished", "model": "…", "device": "…", "seconds": 1.2, "notes": ["…"]}
    {"event": "failed", "message": "…"}                       nothing is left of the action
    {"event": "cancelled"}                                    the same

Nothing follows the last three. A file that was told of in `item` stays only when `finished` comes.
"""

import stat
import traceback
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from unmix.words import (
    NO_MODEL,
    Accepted,
    Concern,
    Event,
    Options,
    OutputStarted,
    Priority,
    Progress,
    Section,
    Summary,
)

from unmix_plugins.client import Client
from unmix_plugins.errors import BrokenResult, Cancelled, OutputError, SourceError, UnmixError
from unmix_plugins.files.folder import Place
from unmix_plugins.reaper.run.course import Course
from unmix_plugins.reaper.run.cures import CURES
from unmix_plugins.reaper.run.cut import cut
from unmix_plugins.reaper.run.interrupts import Interrupts
from unmix_plugins.reaper.run.job import Assignment, Item, read_job
from unmix_plugins.reaper.run.narrator import Narrator, NobodyListens
from unmix_plugins.reaper.run.results import Results
from unmix_plugins.reaper.run.reversal import reverse

DONE, FAILED, CANCELLED = 0, 1, 130
"""Exit statuses; the last is 128 + SIGINT, as shells have it."""
_FRAME_BYTES = 4
"""Of a file of unknown length; it only weighs the progress."""


def run(job_file: Path, out: TextIO) -> int:
    """Do the job that a file describes, tell of it on `out`, and return the exit status.

    To be called in the main thread. SIGINT, SIGTERM, the end of the parent process and that of the reader of `out`
    cancel the job: the work on the daemon stops, and no file is left.
    """
    narrator = Narrator(out)
    with Interrupts() as interrupts, closing(Results()) as results:
        try:
            try:
                finished = _Action(read_job(job_file), narrator, results, interrupts).perform()
            finally:
                interrupts.ignore()
            narrator.say("finished", **finished)
            return DONE
        except (KeyboardInterrupt, NobodyListens):
            status, end = CANCELLED, {"event": "cancelled"}
        except UnmixError as error:
            status, end = FAILED, {"event": "failed", "message": error.worded(CURES)}
        except Exception as error:  # noqa: BLE001  # the border to the editor, which must hear of it
            traceback.print_exc()
            said = f"unmix met an error of its own ({type(error).__name__}: {error}): please report it."
            status, end = FAILED, {"event": "failed", "message": said}
        results.remove()
        with suppress(NobodyListens):
            narrator.say(**end)
        return status


class _Action:
    """One job on its way."""

    def __init__(self, job: Assignment, narrator: Narrator, results: Results, interrupts: Interrupts) -> None:
        self._job = job
        self._narrator = narrator
        self._results = results
        self._interrupts = interrupts
        self._groups = job.groups()
        self._course = Course([_length(group[0]) for group in self._groups])
        self._numbers = {item.id: number for number, item in enumerate(job.items, 1)}

    def perform(self) -> dict[str, object]:
        """Process everything; returns what there is to say at the end. Raises what ends the action as a whole."""
        self._narrator.say("started", items=len(self._job.items))
        self._results.open(self._job.output_folder)
        summaries: list[Summary] = []
        with Client.connect(client_name="reaper", on_start=lambda: self._tell(0, "starting", 0.0)) as client:
            for place, group in enumerate(self._groups):
                try:
                    summaries.append(self._process(client, place, group))
                except UnmixError as error:
                    if not _is_of_one_item(error):
                        raise
                    for item in group:
                        self._narrator.say("item_failed", id=item.id, message=error.worded(CURES))
        return {
            "model": _models(summaries),
            "device": ", ".join(dict.fromkeys(summary.device for summary in summaries)),
            "seconds": self._course.seconds,
            "notes": _reasons(summaries),
        }

    def _process(self, client: Client, place: int, group: Sequence[Item]) -> Summary:
        """Make the results that all items of a group share, and tell of them; after an error none is left."""
        item = group[0]
        outputs: dict[Place, OutputStarted] = {}

        def target(output: OutputStarted) -> Place:
            with self._interrupts.held():  # a file that is there is known to be ours
                result = self._results.reserve(item.source, output.name)
            outputs[result] = output
            return result

        self._tell(place, "sending", 0.0)
        try:
            with _opened(item) as (source, section):
                summary = client.process(
                    source,
                    target,
                    self._job.task,
                    Options(
                        file_name=item.name or item.source.name,
                        format="wav",
                        device=self._job.device,
                        priority=Priority.INTERACTIVE,
                        section=section,
                    ),
                    overwrite=True,  # the empty files are our own
                    on_event=lambda event: self._tell_event(place, event),
                )
            frames = _frames(item, summary)
            for result in outputs if item.reverse else ():
                reverse(result)
        except UnmixError:
            self._results.remove(outputs)
            raise
        told = [
            {
                "name": output.name,
                "stem": output.stem,
                "path": str(result.path),
                "frames": frames,
                "sample_rate": output.sample_rate,
                "channels": output.channels,
            }
            for result, output in outputs.items()
        ]
        for member in group:
            self._narrator.say("item", id=member.id, outputs=told, notes=self._notes(item, summary))
        return summary

    def _notes(self, item: Item, summary: Summary) -> list[str]:
        """What the user should know of one result; where there are several, of which it is."""
        name = f"{item.name or item.source.name}: " if len(self._groups) > 1 else ""
        return [*summary.notes, *(f"{name}{line}" for line in summary.advice_on_music(CURES))]

    def _tell_event(self, place: int, event: Event) -> None:
        match event:
            case Accepted():
                self._tell(place, "waiting", 0.0)
            case Progress():
                self._tell(place, event.stage, event.fraction)
            case _:
                pass

    def _tell(self, place: int, stage: str, fraction: float) -> None:
        item = self._groups[place][0]
        whole, remaining = self._course.reach(place, fraction)
        self._narrator.say(
            "progress",
            fraction=whole,
            stage=stage,
            item=item.id,
            index=self._numbers[item.id],
            items=len(self._job.items),
            remaining_seconds=remaining,
        )


@contextmanager
def _opened(item: Item) -> Generator[tuple[Path | BinaryIO, Section | None]]:
    """What to send, and the section of it to ask for. Raises SourceError."""
    with suppress(OSError):  # why it cannot be opened is told where it is opened
        if not stat.S_ISREG(item.source.stat().st_mode):
            raise SourceError(f"{item.source} is no file: choose another source for the item.")
    if item.section is None:
        # Results of a section carry no markers, which would be wrong in a reversed file.
        yield item.source, Section(0, 0) if item.reverse else None
        return
    with cut(item.source, item.section) as part:
        yield (item.source, item.section) if part is None else (part, None)


def _length(item: Item) -> int:
    """Frames, by which progress is weighed; a guess where the whole file is to be processed."""
    if item.section is not None:
        return item.section.frames
    with suppress(OSError):
        return item.source.stat().st_size // _FRAME_BYTES + 1
    return 1


def _frames(item: Item, summary: Summary) -> int:
    """How many came back. Raises BrokenResult where those were not the item's."""
    if summary.audio is None:
        raise BrokenResult("What came back is no sound: run the action again.")
    frames = summary.audio.frames
    if item.section is not None and frames != item.section.frames:
        raise BrokenResult(f"{frames} frames came back for {item.section.frames}: run the action again.")
    return frames


def _is_of_one_item(error: UnmixError) -> bool:
    """True when the others may go on: the fault is the recording's own, or its results'."""
    if isinstance(error, Cancelled):
        return False
    return error.concern is Concern.RECORDING or isinstance(error, OutputError)


def _models(summaries: Sequence[Summary]) -> str:
    """Those that ran, with commas between; `none` where nothing was changed at all."""
    models = dict.fromkeys(summary.model for summary in summaries)
    return ", ".join(model for model in models if model != NO_MODEL) or ", ".join(models)


def _reasons(summaries: Sequence[Summary]) -> list[str]:
    """Why these models and these devices, and what would be better."""
    models = {summary.model: summary.model_reason for summary in summaries}
    devices = {summary.device: summary.device_reason for summary in summaries}
    advice = (line for summary in summaries for line in summary.advice_on_models(CURES))
    return [reason for reason in dict.fromkeys((*models.values(), *advice, *devices.values())) if reason]
