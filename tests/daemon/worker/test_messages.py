"""What the front and a worker say to each other."""

import json
import math
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from daemon.job_examples import SUMMARY
from hypothesis import given
from hypothesis import strategies as st
from unmix.words import (
    AudioFacts,
    DenoiseStem,
    DenoiseTask,
    Options,
    OutputStarted,
    Priority,
    Progress,
    Section,
    SeparateTask,
    Stretch,
)
from unmix.words.timeline import bounded
from unmix_daemon.reports import Done, Resident
from unmix_daemon.worker.__main__ import Sender
from unmix_daemon.worker.messages import (
    LINE_LIMIT,
    Advanced,
    Beat,
    Begin,
    Cancel,
    Command,
    Failed,
    Grew,
    LineTooLong,
    Load,
    Loaded,
    Report,
    Residents,
    Run,
    Succeeded,
    Unload,
    decode,
    encode,
)

ODD = "line\nbreak \x00 'quotes\" \\ / Ünïcödé 漢字 🎧 \udcff\u2028"
RUN = Run(
    ticket="job/1",
    task=DenoiseTask("rnnoise", 0.1, tuple(DenoiseStem)),
    options=Options(
        file_name=ODD,
        size_bytes=2**53 + 1,
        also_formats=("mp3", ODD),
        keep_alive=-1.0,
        priority=Priority.INTERACTIVE,
        labels={ODD: ""},
        section=Section(2**40, 2**63 - 1),
    ),
    input=ODD,
    outputs=ODD,
    keep_alive=1e300,
    device_reason=ODD,
    durable=True,
)
DONE = Succeeded(
    ODD,
    Done(
        replace(
            SUMMARY,
            model_reason=ODD,
            device="cuda:0",
            device_reason="",
            quality="low",
            audio=AudioFacts(2**40, 44_100, 6),
            load_seconds=0.0,
            processing_seconds=1 / 3,
            notes=(ODD, ""),
            better_models=("htdemucs",),
            timeline=(Stretch(0.0, 1 / 3, "music"), Stretch(1 / 3, 2.0, "speech", ODD)),
        ),
        rewritten={"clean": [(0, 44), (2**40, 1)], "noise": []},
    ),
)
MESSAGES = (
    Begin("cpu", ODD, 2**40, 0, 1),
    RUN,
    replace(RUN, task=SeparateTask("htdemucs", ("vocals", "-vocals")), durable=False),
    replace(RUN, options=Options(), task=DenoiseTask()),
    Cancel(ODD),
    Load("a", "deepfilternet3", -1.0),
    Unload("a", "deepfilternet3"),
    Grew("a", OutputStarted("clean_wav", "clean", "wav", "wav", 48_000, 2), ODD, 2**40),
    Grew("a", OutputStarted("picture", "picture", "png", "png"), ODD, 0),
    Advanced("a", Progress("denoising", 1 / 3, None)),
    Advanced("a", Progress("denoising", 1.0, 1e-9)),
    DONE,
    Succeeded("a", Done(replace(SUMMARY, audio=None, outputs=()))),
    Failed("a", "INVALID_AUDIO", ODD),
    Failed("a", "MODEL_MISSING", ODD, {"model": ODD}),
    Loaded("a", 0.1),
    Residents(),
    Beat(2**40, ("job/1", ODD), 1 / 3),
    Residents((Resident("rnnoise", 2**33, None, busy=True), Resident("wiener", 0, 1e9 + 0.1, busy=False))),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_comes_back_as_it_was_sent(message: Command | Report) -> None:
    line = encode(message)
    assert decode(line) == message
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert line.isascii()


def test_no_kind_of_message_is_left_out_above() -> None:
    kinds = {*get_args(Command), *get_args(Report)}
    assert all(is_dataclass(kind) for kind in kinds)
    assert {type(message) for message in MESSAGES} == kinds


def test_what_has_no_room_in_a_line_is_refused_by_whoever_would_say_it() -> None:
    assert len(encode(Failed("a", "INTERNAL", "x" * (LINE_LIMIT - 100)))) <= LINE_LIMIT
    with pytest.raises(LineTooLong, match="Failed would be a line of"):
        encode(Failed("a", "INTERNAL", "x" * LINE_LIMIT))


def test_a_report_without_room_fails_its_job_and_no_other(tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
        send = Sender(pipe)
        send(
            replace(
                DONE, ticket="job/1", done=replace(DONE.done, rewritten={"clean": [(2**60, 2**60)] * 2**17})
            )
        )
        send(Beat(1))
    failed, beat = map(decode, (tmp_path / "pipe").read_bytes().splitlines())
    assert (failed.ticket, failed.reason, beat) == ("job/1", "WORKER_ERROR", Beat(1))


def test_the_longest_timeline_has_room_in_a_line() -> None:
    stretch = Stretch(
        86_399.123456789, 86_400.123456789, "speech_over_music", "deepfilternet3+wiener+" + "x" * 64
    )
    summary = replace(SUMMARY, timeline=bounded((stretch,) * 25_000))
    assert len(encode(Succeeded("a", Done(summary)))) < LINE_LIMIT / 2


def test_the_level_of_silence_survives() -> None:
    level = decode(encode(DONE)).done.summary.outputs[0].level_dbfs
    assert level == -math.inf


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert decode(encode(Failed("a", "INTERNAL", text))) == Failed("a", "INTERNAL", text)


@given(st.floats(allow_nan=False))
def test_any_number_survives(number: float) -> None:
    assert decode(encode(Load("a", "rnnoise", number))) == Load("a", "rnnoise", number)


def lines_that_are_no_message() -> list[bytes]:
    without_ticket: dict[str, Any] = json.loads(encode(Cancel("a")))
    del without_ticket["ticket"]
    return [
        b"",
        b"\n",
        b"hello\n",
        b"\xff\xfe\n",
        b"{",
        b"5\n",
        b"null\n",
        b"[1, 2]\n",
        b'"Cancel"\n',
        b"{}\n",
        b'{"ticket": "a"}\n',
        b'{"kind": "Reboot", "ticket": "a"}\n',
        b'{"kind": null, "ticket": "a"}\n',
        b'{"kind": ["Cancel"], "ticket": "a"}\n',
        b'{"kind": "Cancel", "ticket": null}\n',
        b'{"kind": "Cancel", "ticket": {}}\n',
        b'{"kind": "Advanced", "ticket": "a", "progress": {"fraction": "much"}}\n',
        json.dumps(without_ticket).encode(),
        encode(RUN)[: len(encode(RUN)) // 2],
        encode(RUN).replace(b'"denoise"', b'"destroy"'),
    ]


@pytest.mark.parametrize("line", lines_that_are_no_message())
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's, pydantic's and our own have only that in common
        decode(line)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_is_taken_for_a_message_by_chance(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # as above
        decode(json.dumps(value).encode())
