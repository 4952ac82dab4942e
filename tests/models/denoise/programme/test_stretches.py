"""What is told of a recording, from its cells."""

import pytest
from unmix_models.denoise.programme.stretches import Stretches
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell


@pytest.mark.parametrize(("silent", "told"), [(3, ["speech"]), (4, ["speech", "silence", "speech"])])
def test_silence_shorter_than_two_seconds_is_a_pause(silent: int, told: list[str]) -> None:
    stretches = Stretches()
    for is_silent in [False] * 5 + [True] * silent + [False] * 5:
        stretches.add(Cell(Sound.SPEECH, silent=is_silent), 100, ("network",))
    assert [stretch.sound for stretch in stretches.all()] == told
    assert stretches.all()[-1].end == 100 * (10 + silent)
