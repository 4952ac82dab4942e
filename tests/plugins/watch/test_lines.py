"""What `unmix watch` says of a recording that is done."""

from pathlib import Path

import pytest
from unmix_plugins.cli.watch.lines import Lines
from unmix_plugins.watch.ledger.entry import Result
from unmix_plugins.watch.notify.report import Finished


@pytest.mark.parametrize(
    ("model", "told"), [("rnnoise", "rnnoise on cpu"), ("a+b", "a+b on cpu"), ("none", "left as it is")]
)
def test_what_ran_is_named_or_that_nothing_was_changed(
    capsys: pytest.CaptureFixture[str], model: str, told: str
) -> None:
    result = Result(model, "cpu", 62.0, 1.9, "The peak was lowered.")
    Lines(as_json=False)(Finished("in", Path("/in/a.wav"), (Path("/out/a.wav"),), result))
    assert capsys.readouterr().out == (
        f"/in/a.wav → /out/a.wav  {told}  62.0 s in 1.9 s  The peak was lowered.\n"
    )
