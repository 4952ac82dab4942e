import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from unmix.words import JobState, OutputSummary
from unmix_plugins.cli._parameters import parse_duration
from unmix_plugins.cli.shown.terminal import PLAIN, printable, say, say_json, say_table, to_json
from unmix_plugins.errors import NotFound


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Übung — täglich.wav", "Übung — täglich.wav"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("caf\udce9", "caf\\xe9"),
        ("left\u202eright", "left\\u202eright"),
    ],
)
def test_what_would_garble_a_terminal_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_signs_that_an_encoding_lacks_are_written_plainly() -> None:
    line = "talk.wav → out  33× −23.1 “x” ü \U0001f600"
    assert line.encode("ascii", PLAIN) == b'talk.wav -> out  33x -23.1 "x" \\xfc \\U0001f600'
    assert "33× ü →".encode("iso8859-9", PLAIN).decode("iso8859-9") == "33× ü ->"


def test_lines_are_never_folded_or_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    line = "[red]" + "word " * 100 + ":smile:"
    say(line)
    assert capsys.readouterr().out == f"{line}\n"


def test_tables_are_not_cut_in_pipes(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["A", "B"], [["x" * 300, "[b]"], ["y", "z"]])
    out = capsys.readouterr().out
    assert "x" * 300 in out
    assert "[b]" in out


def test_json_has_one_line_of_ascii_and_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    output = OutputSummary("clean", "clean", "wav", "wav", 1, "ab", float("-inf"), -1.5)
    say_json(
        {
            "outputs": (output,),
            "state": JobState.FAILED,
            "error": NotFound("Gone: ü."),
            "time": datetime(2025, 1, 1, tzinfo=UTC),
            "path": Path("a") / "b",
            "name": os.fsdecode(b"\xe9"),
        }
    )
    line = capsys.readouterr().out
    assert line.isascii()
    assert line.count("\n") == 1
    told = json.loads(line)
    assert told["outputs"][0]["level_dbfs"] is None
    assert told["outputs"][0]["peak_dbfs"] == -1.5
    assert told["state"] == "failed"
    assert told["error"] == {"reason": "NOT_FOUND", "message": "Gone: ü."}
    assert told["time"] == "2025-01-01T00:00:00+00:00"
    assert told["path"] == str(Path("a") / "b")
    assert os.fsencode(told["name"]) == b"\xe9"


def test_plain_values_stay_as_they_are() -> None:
    assert to_json([None, True, 1, 1.5, "a"]) == [None, True, 1, 1.5, "a"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1.5h", 5400), ("0", 0), ("-1", -1)]
)
def test_times_are_read_with_their_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "five", "5 m", "1,5h", "nan", "1e3", "٣", "5d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no time: write"):
        parse_duration(text)
