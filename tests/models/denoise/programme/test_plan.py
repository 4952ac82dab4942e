"""What each half second gets, by what lies around it."""

import pytest
from unmix_models.denoise.programme.plan import Plan, Treatment
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell

SOUNDS = {
    "s": Sound.SPEECH,
    "m": Sound.MUSIC,
    "b": Sound.SPEECH_OVER_MUSIC,
    "o": Sound.OTHER,
    "q": Sound.OTHER,
    "?": Sound.UNKNOWN,
}
LETTERS = {Treatment.VOICE: "v", Treatment.BED: "b", Treatment.REST: "-"}


def planned(sounds: str) -> str:
    """`q` is other that is as quiet as the noise of the talk."""
    plan = Plan()
    found: list[tuple[Cell, Treatment]] = []
    for letter in sounds:
        found.extend(plan.process(Cell(SOUNDS[letter], silent=False), is_quiet=letter == "q"))
    return "".join(LETTERS[treatment] for _, treatment in [*found, *plan.flush()])


@pytest.mark.parametrize(
    ("sounds", "treatments"),
    [
        ("", ""),
        ("sssmmm", "vv----"),
        ("mmmsss", "----vv"),
        ("mmmbbb", "---bbb"),
        ("msm", "---"),
        ("sssbbb", "vvvbbb"),
        ("ssom", "vv--"),
        ("ssooomm", "vvv----"),
        ("ss" + "o" * 20 + "mm", "vvvvvv" + "-" * 18),
        ("ss" + "o" * 10 + "ss", "vv" + "vvvv" + "--" + "vvvv" + "vv"),
        ("ss" + "q" * 30 + "mm", "vv" + "v" * 28 + "----"),
        ("ss" + "q" * 30 + "ss", "v" * 34),
        ("ss" + "q" * 30, "v" * 32),
        ("ss" + "q" * 9 + "o" * 12 + "ss", "vv" + "v" * 9 + "-" * 8 + "vvvv" + "vv"),
        ("mm" + "o" * 10 + "mm", "-" * 14),
        ("mmooooss", "----vvvv"),
        ("mmos", "---v"),
        ("mm" + "o" * 10 + "ss", "mm".replace("m", "-") + "-" * 6 + "vvvv" + "vv"),
        ("o" * 20 + "ss", "v" * 22),
        ("o" * 20 + "mm", "-" * 22),
        ("?" * 5, "v" * 5),
        ("o" * 60, "v" * 60),
        ("o" * 80, "-" * 80),
        ("o" * 80 + "ss", "-" * 76 + "vvvv" + "vv"),
        ("bb" + "q" * 10 + "mm", "bb" + "v" * 8 + "----"),
    ],
)
def test_treatments(sounds: str, treatments: str) -> None:
    assert planned(sounds) == treatments
