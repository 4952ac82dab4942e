"""One run by hand: short of memory, on another device than the machine's, too loud."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import sounds
from models.listen.hand_made import ToldEar
from unmix.words import NO_MODEL, DenoiseStem, DenoiseTask, Options, Stretch
from unmix_daemon.reports import Done
from unmix_daemon.worker import files
from unmix_daemon.worker.loop import Loop
from unmix_daemon.worker.messages import Failed, Grew, Load, Loaded, Run
from unmix_daemon.worker.residency import Residency
from unmix_daemon.worker.run import steps
from unmix_daemon.worker.task import Passes
from unmix_daemon.worker.tasks import TASKS
from unmix_daemon.worker.tasks import denoise as task_module
from unmix_daemon.worker.workshop import Workshop
from unmix_models.errors import DeviceUnavailable, OutOfMemory
from unmix_models.listen.ear import Sound
from unmix_models.machine import Machine
from unmix_models.weights import Weights

GPU = Machine("cuda:0", 1)
REAL = task_module.denoise


class Bench:
    """A worker's workshop, and a reader of what it announces."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder = folder
        self.reports: list[Any] = []
        self.read: dict[str, bytearray] = {}
        self.shop = Workshop(Weights(folder / "weights"), machine, Residency(1 << 40, time.time), self._take)

    def _take(self, report: Any) -> None:
        self.reports.append(report)
        if isinstance(report, Grew):
            known = self.read.setdefault(report.output.name, bytearray())
            known += Path(report.path).read_bytes()[len(known) : report.size]

    def do(self, source: Path, name: str, model: str = "wiener", **options: Any) -> Done:
        run = Run(
            ticket=name,
            task=DenoiseTask(model, stems=tuple(DenoiseStem)),
            options=Options(**options),
            input=str(source),
            outputs=str(self.folder / name),
            keep_alive=300.0,
            device_reason="best device here",
            durable=False,
        )
        working = steps(run, self.shop)
        while True:
            try:
                next(working)
            except StopIteration as end:
                return end.value.done


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(files, "_REPORT_SECONDS", 0.0)
    return Bench(tmp_path, Machine("cpu", 1))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return sounds.write(tmp_path / "talk.wav", sounds.voice(5.0))


def short_of_memory(times: int) -> Any:
    """The real thing, which is out of memory in its fourth step, so often."""
    left = [times]

    def denoise(*arguments: Any) -> Iterator[int]:
        for step, frames in enumerate(REAL(*arguments)):
            if step == 3 and left[0]:
                left[0] -= 1
                raise OutOfMemory("The device has no memory left.")
            yield frames

    return denoise


@pytest.mark.parametrize("formats", [("wav", "flac"), ("mp3", "ogg")])
def test_a_run_that_was_short_of_memory_once_gives_what_it_would_have_given(
    bench: Bench, talk: Path, monkeypatch: pytest.MonkeyPatch, formats: tuple[str, str]
) -> None:
    main, further = formats
    expected = bench.do(talk, "plain", format=main, also_formats=(further,)).summary
    bench.read.clear()
    monkeypatch.setattr(task_module, "denoise", short_of_memory(1))
    done = bench.do(talk, "short", format=main, also_formats=(further,))
    assert [one.sha256 for one in done.summary.outputs] == [one.sha256 for one in expected.outputs]
    assert done.summary.notes == (
        *expected.notes,
        "The device ran out of memory once; idle models were unloaded.",
    )
    for output in done.summary.outputs:
        whole = (bench.folder / "short" / f"{output.name}.{output.extension}").read_bytes()
        heard = bench.read[output.name]
        for offset, length in done.rewritten[output.name]:
            heard[offset : offset + length] = whole[offset : offset + length]
        assert bytes(heard[: len(whole)]) == whole


def test_what_nobody_uses_is_freed_before_the_second_try(
    bench: Bench, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[bool] = []
    monkeypatch.setattr(bench.shop.residency, "free_idle", lambda: freed.append(True))
    monkeypatch.setattr(task_module, "denoise", short_of_memory(1))
    bench.do(talk, "short")
    assert freed == [True]


def test_a_run_that_is_short_of_memory_twice_leaves_nothing(
    bench: Bench, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module, "denoise", short_of_memory(2))
    with pytest.raises(OutOfMemory):
        bench.do(talk, "short")
    assert not (bench.folder / "short").exists()


def test_a_model_that_runs_elsewhere_than_its_worker_says_so(tmp_path: Path, talk: Path) -> None:
    summary = Bench(tmp_path, GPU).do(talk, "out").summary
    assert (summary.device, summary.device_reason) == ("cpu", "wiener runs on cpu here")


def test_a_device_that_is_asked_for_is_no_other_whatever_is_loaded(tmp_path: Path, talk: Path) -> None:
    bench = Bench(tmp_path, GPU)
    with pytest.raises(DeviceUnavailable, match="'wiener' cannot run on cuda:0"):
        bench.do(talk, "first", device="cuda:0")
    bench.do(talk, "second", device="auto")
    with pytest.raises(DeviceUnavailable, match="'wiener' runs on cpu here and not on cuda:0"):
        bench.do(talk, "third", device="cuda:0")
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize("is_resident", [False, True])
def test_loading_a_model_on_a_device_that_it_cannot_use_is_an_error(
    tmp_path: Path, is_resident: bool
) -> None:
    bench = Bench(tmp_path, GPU)
    loop = Loop(None, bench.shop, 1)  # type: ignore[arg-type]  # nothing is read from it
    if is_resident:
        loop._obey(Load("a", "wiener", 300.0))
        assert isinstance(bench.reports[-1], Loaded)
    loop._obey(Load("b", "wiener", 300.0, required=True))
    assert isinstance(bench.reports[-1], Failed)
    assert bench.reports[-1].reason == "DEVICE_UNAVAILABLE"


HEARD = (Stretch(0.0, 2.0, "music"), Stretch(2.0, 5.0, "speech", "rnnoise"))


class Listening(task_module.DenoiseWork):
    """Has a timeline, and says what it did otherwise than its model is called."""

    model: str | None = None
    reason: str | None = None

    def passes(self, model: Any, files: Any) -> Passes:
        outcome = yield from super().passes(model, files)
        return replace(outcome, timeline=HEARD, model=self.model, reason=self.reason)


@pytest.mark.parametrize(
    ("model", "reason", "told"),
    [
        (None, None, ("wiener", "asked for")),
        ("rnnoise+wiener", None, ("rnnoise+wiener", "asked for")),
        (NO_MODEL, "It is music.", ("none", "It is music.")),
    ],
)
def test_a_task_may_say_more_of_what_it_did_than_which_model_was_chosen(
    bench: Bench,
    talk: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str | None,
    reason: str | None,
    told: tuple[str, str],
) -> None:
    monkeypatch.setattr(Listening, "model", model)
    monkeypatch.setattr(Listening, "reason", reason)
    monkeypatch.setitem(TASKS, "denoise", Listening)  # type: ignore[arg-type]  # a dictionary
    summary = bench.do(talk, "out").summary
    assert (summary.model, summary.model_reason) == told
    assert summary.timeline == HEARD


def test_samples_beyond_full_scale_are_counted_once_for_each_stem(bench: Bench, tmp_path: Path) -> None:
    loud = tmp_path / "loud.wav"
    tone = np.sin(np.arange(48_000) / 20).astype(np.float32) * 1.5
    soundfile.write(loud, tone, 48_000, subtype="FLOAT")
    over = int(np.count_nonzero(np.abs(tone) > 1))
    alone = bench.do(loud, "alone", depth="s16").summary.notes
    both = bench.do(loud, "both", depth="s16", also_formats=("flac",)).summary.notes
    (said,) = [note for note in alone if "passed full scale" in note]
    assert 0 < int(said.split()[0]) <= over
    assert [note for note in both if "passed full scale" in note] == [said]


def test_what_two_formats_have_to_say_is_said_once(bench: Bench, tmp_path: Path) -> None:
    high = sounds.write(tmp_path / "high.wav", sounds.voice(0.5, 96_000), 96_000)
    notes = bench.do(high, "out", format="opus", also_formats=("webm",)).summary.notes
    assert len(notes) == len(set(notes)) == 2


@pytest.mark.parametrize("model", ["wiener", "rnnoise", "auto"])
@pytest.mark.parametrize("rate", [48_000, 96_000])
def test_what_no_network_can_hear_is_told_of_once(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, rate: int
) -> None:
    monkeypatch.setattr(task_module.DenoiseWork, "_ear", lambda _: ToldEar([(Sound.SPEECH, 9)]))
    source = sounds.write(tmp_path / "source.wav", sounds.voice(3.0, rate), rate)
    notes = bench.do(source, "out", model).summary.notes
    assert ["24 kHz" in note for note in notes] == [True] * (model != "wiener" and rate == 96_000)


def test_nothing_is_told_of_where_no_network_was_at_work(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_module.DenoiseWork, "_ear", lambda _: ToldEar([(Sound.MUSIC, 9)]))
    source = sounds.write(tmp_path / "source.wav", sounds.voice(3.0, 96_000), 96_000)
    assert bench.do(source, "out", "auto").summary.notes == ()
