"""From likelihoods to sounds: what is too short to be true goes to its neighbours."""

import numpy as np
import pytest
from unmix_models.listen.decisions import Decisions
from unmix_models.listen.ear import HEARD, Likelihoods, Sound

LETTERS = {
    "s": Sound.SPEECH,
    "m": Sound.MUSIC,
    "b": Sound.SPEECH_OVER_MUSIC,
    "o": Sound.OTHER,
    "?": Sound.UNKNOWN,
}
NAMES = {sound: letter for letter, sound in LETTERS.items()}


def heard(letters: str, certainty: float = 0.9) -> Likelihoods:
    """One letter for each cell; `?` where all are as likely."""
    rows = np.full((len(letters), len(HEARD)), (1 - certainty) / (len(HEARD) - 1))
    for row, letter in zip(rows, letters, strict=True):
        if letter == "?":
            row[:] = 1 / len(HEARD)
        else:
            row[HEARD.index(LETTERS[letter])] = certainty
    return np.log(rows).astype(np.float32)


def decided(likelihoods: Likelihoods, step: int = 1000, trust: float = 0.0) -> str:
    decisions = Decisions(trust)
    found = [decisions.process(likelihoods[at : at + step]) for at in range(0, len(likelihoods), step)]
    return "".join(NAMES[sound] for part in [*found, decisions.flush()] for sound in part)


@pytest.mark.parametrize(
    ("letters", "sounds"),
    [
        ("", ""),
        ("s", "s"),
        ("ssss", "ssss"),
        ("mmmmmmmmmmssssssssss", "mmmmmmmmmmssssssssss"),
        ("sssssmssssssssss", "ssssssssssssssss"),
        ("ssssssssss" + "b" * 8 + "ssssssssss", "s" * 28),
        ("mmmmmmmmmm" + "b" * 8 + "mmmmmmmmmm", "mmmmmmmmmm" + "b" * 8 + "mmmmmmmmmm"),
        ("mmmmmmmmmm" + "b" * 13 + "ssssssssss", "mmmmmmmmmm" + "b" * 13 + "ssssssssss"),
        ("ssssssssss" + "b" * 20 + "ssssssssss", "ssssssssss" + "b" * 20 + "ssssssssss"),
        ("ssssssssss" + "ooo" + "ssssssssss", "s" * 23),
        ("ssssssssss" + "ooo" + "mmmmmmmmmm", "ssssssssss" + "ooo" + "mmmmmmmmmm"),
        ("ssssssssss" + "o" * 6 + "ssssssssss", "ssssssssss" + "o" * 6 + "ssssssssss"),
        ("s" * 10 + "?" * 40 + "m" * 10, "s" * 10 + "?" * 40 + "m" * 10),
        ("s" * 30 + "?" * 60 + "s" * 10, "s" * 30 + "?" * 60 + "s" * 10),
    ],
)
def test_sounds_are_what_is_likely_for_long_enough(letters: str, sounds: str) -> None:
    found = decided(heard(letters))
    assert len(found) == len(sounds)
    # Where something cannot be told, its neighbours reach into it for the two seconds that certainty is averaged over.
    assert all(one == other or "?" in (one, other) for one, other in zip(found, sounds, strict=True))
    assert found.count("?") >= sounds.count("?") - 8


def told(speech: float, music: float, over_music: float, cells: int) -> Likelihoods:
    """Probabilities of as many cells; what is left is other."""
    row = np.array([speech, music, over_music, 1 - speech - music - over_music], np.float32)
    return np.log(row)[None].repeat(cells, axis=0)


@pytest.mark.parametrize(("over_music", "found"), [(0.02, "b"), (0.4, "s")])
def test_a_faint_bed_is_told_by_what_changes_where_it_begins(over_music: float, found: str) -> None:
    """Where the talk was as doubtful all the time, it is noise that sounds like a bed."""
    talk = told(0.96 - over_music, 0.02, over_music, 40)
    heard = np.concatenate([talk, told(0.5, 0.02, 0.46, 40), talk[:20]])
    assert "b" not in decided(heard)
    sounds = decided(heard, trust=0.75)
    assert sounds[:36] == "s" * 36
    assert sounds[64:76] == found * 12
    assert sounds[-16:] == "s" * 16


def test_speech_that_is_like_music_now_and_then_is_sung() -> None:
    """A talk beside music is not, and neither is one that is a little like music all the time."""
    sung = np.concatenate([told(0.55, 0.4, 0.03, 3), told(0.85, 0.1, 0.03, 3)])
    assert decided(np.tile(sung, (6, 1)))[:32] == "m" * 32
    assert decided(told(0.85, 0.1, 0.03, 30)) == "s" * 30
    assert decided(heard("m" * 20 + "s" * 20 + "m" * 20)) == "m" * 20 + "s" * 20 + "m" * 20


@pytest.mark.parametrize("step", [1, 3, 17])
def test_decisions_do_not_depend_on_how_the_answers_come(step: int) -> None:
    random = np.random.default_rng(step)
    likelihoods = np.log(random.dirichlet([0.4] * len(HEARD), 400) + 1e-3).astype(np.float32)
    assert decided(likelihoods, step) == decided(likelihoods)


def test_decisions_wait_for_no_more_than_a_few_seconds() -> None:
    decisions = Decisions()
    settled = 0
    for count, likelihood in enumerate(heard("s" * 100 + "b" * 30 + "m" * 100), 1):
        settled += len(decisions.process(likelihood[None]))
        assert count - settled <= 8 + 12
