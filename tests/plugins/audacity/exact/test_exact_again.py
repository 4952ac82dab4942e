"""What one test does to the program, the next one does not notice."""

from collections.abc import Callable

import pytest
from plugins.audacity.arrangement import RATE, Audio, Clip, noise
from plugins.audacity.exact.conftest import DENOISE, Exactly
from plugins.audacity.studio import Studio
from unmix_plugins.audacity.program.pipe import PipeSilent

pytestmark = pytest.mark.long


def leave_a_dialog_open(studio: Studio) -> None:
    with pytest.raises(PipeSilent):
        studio.audacity.pipe.command("SelectTracks: Mode=Nonsense", patience=0.1)


def kill_the_program(studio: Studio) -> None:
    studio.audacity.kill()


def kill_the_bridge(studio: Studio) -> None:
    studio.bridge.kill()


@pytest.mark.parametrize("harm", [leave_a_dialog_open, kill_the_program, kill_the_bridge])
def test_after_harm_the_program_is_replaced(
    studio: Studio, exactly: Exactly, harm: Callable[[Studio], None]
) -> None:
    studio.open(Audio("left by another test", [Clip(noise(RATE))]))
    harm(studio)
    studio.make_fit()
    studio.begin()
    studio.open(Audio("voice", [Clip(noise(RATE))]))
    exactly.replaces("Denoise", DENOISE, [0], 0.0, 1.0)
