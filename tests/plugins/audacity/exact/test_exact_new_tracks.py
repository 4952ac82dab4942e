"""New tracks are exact: their samples, names, rates and places, in one undo step; what was there stays."""

import pytest
from plugins.audacity.exact.conftest import DENOISE, Exactly
from plugins.audacity.exact.test_exact import ALL_KINDS
from plugins.audacity.studio import DENOISE_MODEL, SEPARATE_MODEL, Studio
from unmix.words import DenoiseStem, DenoiseTask, SeparateTask, Task

pytestmark = pytest.mark.long

EFFECTS = [
    ("Denoise to New Track", DENOISE),
    ("Noise to New Track", DenoiseTask(DENOISE_MODEL, stems=(DenoiseStem.NOISE,))),
    ("Separate into Stems", SeparateTask(SEPARATE_MODEL)),
]


@pytest.mark.parametrize(("label", "task"), EFFECTS)
def test_at_once_by_mouse(studio: Studio, exactly: Exactly, label: str, task: Task) -> None:
    studio.open(*ALL_KINDS)
    exactly.adds(label, task, [0, 2], 0.5, 1.0, by=lambda: studio.click(label))


@pytest.mark.parametrize(("label", "task"), EFFECTS)
def test_late(late: Studio, label: str, task: Task) -> None:
    late.open(*ALL_KINDS)
    Exactly(late, late=True).adds(label, task, [2, 4], 0.5, 1.0)
