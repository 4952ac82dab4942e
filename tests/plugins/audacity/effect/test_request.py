"""What real effects sent, as Audacity 3.2.4 wrote it, and what the bridge makes of it."""

import pytest
from unmix_plugins.audacity.effect.request import (
    BadRequest,
    Imported,
    Nothing,
    Say,
    Span,
    StatusRequest,
    TrackRequest,
    parse,
)

PROJECT = """\
project="m"
projects=1
tracks=3
project_rate=44100.000000000
version=(3 2 4)
selected=(1 2 3)
start=1.000012000
end=3.123436000
"""
TRACK = f"""\
operation=denoise
{PROJECT}run=1795254470.482182026
index=2
name="K\\303\\244se "q" \\346\\227\\245\\346\\234\\254"
sample_rate=44100.000000000
channels=2
frames=93643.000000000
clips=#(((0.000000000 4.000000000) (4.500000000 6.000000000)) ((0.000000000 4.000000000) (4.500000000 6.000000000)))
"""
SURROUNDINGS = """\
all_clips=(((track 0) (start 0) (end 5) (color 0))
  ((track 1) (start 0) (end 4) (color 0))
  ((track 1) (start 4.5) (end 6) (color 0)))
envelopes=(((track 0) (clip 0) (start 0) (points()) (end 5))
  ((track 1) (clip 0) (start 0) (points(((t 2) (y 0.5))
        ((t 3) (y 0.25)))) (end 4)))
"""


def test_a_track_is_read_with_its_unicode_name_and_the_clips_of_one_channel() -> None:
    request = parse(TRACK)
    assert isinstance(request, TrackRequest)
    assert request.name == 'Käse "q" 日本'
    assert (request.index, request.position, request.is_last) == (1, 1, False)
    assert (request.frames, request.channels, request.sample_rate) == (93643, 2, 44100.0)
    assert request.clips == (Span(0.0, 4.0), Span(4.5, 6.0))
    assert request.surroundings is None


def test_a_first_track_tells_of_all_clips_and_of_those_with_envelope_points() -> None:
    request = parse(TRACK + SURROUNDINGS)
    assert isinstance(request, TrackRequest)
    assert request.surroundings is not None
    assert request.surroundings.clips == {0: (Span(0, 5),), 1: (Span(0, 4), Span(4.5, 6))}
    assert request.surroundings.envelopes == {1: (Span(0, 4),)}


def test_settings_of_a_dialog_are_read() -> None:
    request = parse(TRACK + 'setting.denoise_model="rnnoise"\nsetting.attenuation_limit_db=""\n')
    assert isinstance(request, TrackRequest)
    assert request.settings == {"denoise_model": "rnnoise", "attenuation_limit_db": ""}


def test_a_project_without_selection_or_name_is_read() -> None:
    lines = PROJECT.replace("(1 2 3)", "NIL").replace('"m"', '""')
    request = parse(f"operation=status\n{lines}")
    assert isinstance(request, StatusRequest)
    assert (request.project.name, request.project.selected) == ("", ())


def test_a_notice_of_an_import_is_read() -> None:
    assert parse('operation=imported\nwhat="/a b/c.aup"\n') == Imported("/a b/c.aup")


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "nonsense",
        "operation=denoise\n",
        TRACK.replace("index=2", "index=4"),
        TRACK.replace("run=1795254470.482182026", "run=../../etc/passwd"),
        TRACK.replace("selected=(1 2 3)", "selected=(1 2"),
        TRACK.replace("frames=93643.000000000", "frames=many"),
        TRACK.replace("selected=(1 2 3)", "selected=" + "(" * 50_000),
    ],
)
def test_what_is_no_request_is_refused(lines: str) -> None:
    with pytest.raises(BadRequest):
        parse(lines)


def test_answers_are_lines_and_a_text_cannot_end_itself_early() -> None:
    assert str(Nothing()) == "nothing\n"
    assert str(Say("one\nEND\ntwo")) == "say\none\ntwo\nEND\n"
