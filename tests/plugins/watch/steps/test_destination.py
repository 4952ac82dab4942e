"""Names of outputs follow the template, stay in the target and are foreseen where they are certain."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from plugins.watch.folders import BOTH, folder_config
from unmix.words import DenoiseTask, OutputSummary, SeparateTask, Task
from unmix_plugins.errors import BrokenResult
from unmix_plugins.watch.config.folder import ConfigError
from unmix_plugins.watch.config.template import check_template
from unmix_plugins.watch.steps.destination import destination, foreseen

NOW = datetime(2024, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "template", "expected"),
    [
        ("a/talk.wav", "{name}{suffix}", "a/talk.flac"),
        ("talk.wav", "{date}/{name}-{stem}{suffix}", "2024-02-29/talk-clean.flac"),
        ("a/...wav", "{name}{suffix}", "a/...flac"),
        ("a/...wav", "{name}/{stem}{suffix}", "a/_../clean.flac"),
        ("a.b.wav", "{model}/{name}{suffix}", "rnnoise/a.b.flac"),
    ],
)
def test_names_follow_the_template_and_stay_in_the_target(source: str, template: str, expected: str) -> None:
    folder = folder_config(Path("/in"), template=template)
    output = OutputSummary("clean", "clean", "flac", "flac", 1, "")
    named = destination(folder, Path(source), DenoiseTask(), [output], "rnnoise", NOW)
    assert [str(path) for _, path in named.files] == [expected]


@pytest.mark.parametrize("word", ["..", "a/b", "", "c:d", "x" * 100])
def test_words_of_the_daemon_that_no_name_may_hold_are_refused(word: str) -> None:
    folder = folder_config(Path("/in"))
    for stem, extension, model in ((word, "wav", "m"), ("clean", word, "m"), ("clean", "wav", word)):
        output = OutputSummary(stem, stem, "wav", extension, 1, "")
        with pytest.raises(BrokenResult):
            destination(folder, Path("talk.wav"), DenoiseTask(), [output], model, NOW)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{title}{suffix}", "has {title}, and there are {name}"),
        ("{stem}{suffix}", "would call all outputs the same"),
        ("../{name}{suffix}", "is no path inside the target"),
        ("/{name}{suffix}", "is no path inside the target"),
        ("{name}/", "is no path inside the target"),
        ("{name.__class__}{name}", "is no path inside the target"),
    ],
)
def test_a_template_that_cannot_name_outputs_is_refused(template: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_template(template)


@pytest.mark.parametrize(
    ("name", "task", "expected"),
    [
        ("a/talk.wav", DenoiseTask(), "a/talk.wav"),
        ("talk.AIF", DenoiseTask(), "talk.aiff"),
        ("talk.mkv", DenoiseTask(), None),
        ("talk.wav", BOTH, None),
        ("talk.wav", SeparateTask(stems=("vocals",)), None),
    ],
)
def test_only_certain_names_are_foreseen(name: str, task: Task, expected: str | None) -> None:
    found = foreseen(folder_config(Path("/in")), Path(name), task)
    assert (found and str(found)) == expected
