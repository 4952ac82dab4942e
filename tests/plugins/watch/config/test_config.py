"""`watch.toml`: what it may say, what is said of it when it is wrong, and what happens when it changes."""

import os
import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from unmix.words import Consistency, DenoiseStem, DenoiseTask, Music, SeparateTask
from unmix_plugins.watch.config.file import ConfigFile, read_config, read_presets
from unmix_plugins.watch.config.folder import (
    RECORDINGS,
    Collision,
    CommandHook,
    ConfigError,
    FolderConfig,
    SourcePolicy,
    Webhook,
    default_ledger,
)

MINIMAL = '[[folder]]\nsource = "in"\ntarget = "out"\n'

FULL = """
state = "ledger.sqlite3"
look_ahead = 3
max_attempts = 2

[presets.podcast.denoise]
model = "rnnoise"
strength = 12
stems = ["clean", "noise"]
music = "remove"

[presets.karaoke.separate]
stems = ["-vocals"]
consistency = "none"
shifts = 2
overlap = 0.5

[[folder]]
name = "inbox"
source = "~/Inbox"
target = "/srv/out"
preset = "podcast"
presets_by_subfolder = ["karaoke"]
format = "mp3"
device = "cpu"
keep_alive = 60
settle_seconds = 10
polling = true
poll_interval = 30
recursive = false
include = ["*.wav"]
exclude = ["draft*"]
template = "{name}.{stem}{suffix}"
on_collision = "overwrite"
source_policy = "move"
moved_to = "done"
dead_letter = "broken"
keep_times = false
zip_stems = true
on_done = { command = "notify 'two words' x", timeout = 5 }

[[folder]]
source = "stems"
target = "stems out"
[folder.separate]
model = "dsp"
[folder.on_done]
url = "https://example.org/hook"
secret_env = "HOOK_SECRET"
attempts = 3
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.toml"


def refused(path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    """What is said of a file that is wrong."""
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path, environment or {})
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.removeprefix(f"{path}: ").removeprefix(f"{path} ")


def test_what_is_not_said_has_its_default(path: Path) -> None:
    path.write_text(MINIMAL)
    config = read_config(path)
    [folder] = config.folders
    source = path.parent / "in"
    assert folder == FolderConfig(str(source), source, path.parent / "out", DenoiseTask())
    assert folder.include == RECORDINGS
    assert folder.failed == path.parent / "out/_failed"
    assert config.state == default_ledger()


def test_everything_that_is_said_is_taken(path: Path) -> None:
    path.write_text(FULL)
    config = read_config(path, {"HOOK_SECRET": "s3cret"})
    assert (config.state, config.look_ahead, config.max_attempts) == (path.parent / "ledger.sqlite3", 3, 2)
    inbox, stems = config.folders
    assert inbox.name == "inbox"
    assert inbox.source == Path.home() / "Inbox"
    assert inbox.target == Path("/srv/out")
    assert inbox.task == DenoiseTask("rnnoise", 12, (DenoiseStem.CLEAN, DenoiseStem.NOISE), Music.REMOVE)
    karaoke = SeparateTask("auto", ("-vocals",), Consistency.NONE, 2, 0.5)
    assert inbox.presets_by_subfolder == {"karaoke": karaoke}
    assert (inbox.options.format, inbox.options.device, inbox.options.keep_alive) == ("mp3", "cpu", 60)
    assert (inbox.settle_seconds, inbox.polling, inbox.poll_interval, inbox.recursive) == (
        10,
        True,
        30,
        False,
    )
    assert (inbox.include, inbox.exclude) == (("*.wav",), ("draft*",))
    assert inbox.template == "{name}.{stem}{suffix}"
    assert (inbox.on_collision, inbox.source_policy) == (Collision.OVERWRITE, SourcePolicy.MOVE)
    assert (inbox.moved_to, inbox.failed) == (path.parent / "done", path.parent / "broken")
    assert (inbox.keep_times, inbox.zip_stems) == (False, True)
    assert inbox.on_done == CommandHook(("notify", "two words", "x"), 5)
    assert stems.name == str(path.parent / "stems")
    assert stems.task == SeparateTask("dsp")
    assert stems.on_done == Webhook("https://example.org/hook", "s3cret", attempts=3)
    assert "s3cret" not in repr(config)


def test_a_subfolder_names_its_preset_for_all_that_is_below(path: Path) -> None:
    path.write_text(f"{MINIMAL}presets_by_subfolder = true")
    [folder] = read_config(path).folders
    assert folder.task_of(Path("song.wav")) == DenoiseTask()
    assert folder.task_of(Path("separate/a/song.wav")) == SeparateTask()
    assert folder.task_of(Path("a/separate/song.wav")) == DenoiseTask()
    assert folder.task_of(Path("separate")) == DenoiseTask()


def test_presets_can_be_read_from_a_file_without_folders(path: Path) -> None:
    path.write_text("[presets.voice.denoise]\nmodel = 'rnnoise'\n")
    assert read_presets(path) == {
        "denoise": DenoiseTask(),
        "separate": SeparateTask(),
        "voice": DenoiseTask("rnnoise"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [", "is no TOML (Invalid value (at end of document)): correct that place."),
        ("", "No folder is watched: name at least one, with its source and target."),
        (
            f"{MINIMAL}settle_second = 3",
            "There is no key “settle_second” in folder 1: did you mean “settle_seconds”?",
        ),
        (
            f"{MINIMAL}{MINIMAL}denoise = {{ strenght = 3 }}",
            "There is no key “strenght” in folder 2.denoise: did you mean “strength”?",
        ),
        (
            f"colour = 1\n{MINIMAL}",
            "There is no key “colour”: there are folder, look_ahead, max_attempts, presets, state.",
        ),
        (
            f"{MINIMAL}settle_seconds = -1",
            "“settle_seconds” in folder 1 (How long a file must not have changed before it is taken, in seconds):"
            " input should be greater than 0.",
        ),
        (
            f"{MINIMAL}on_collision = 'replace'",
            "“on_collision” in folder 1 (Where an output's name is taken: skip, rename or overwrite): input should be"
            " 'skip', 'rename' or 'overwrite'.",
        ),
        (
            "[[folder]]\nsource = 'in'",
            "“target” in folder 1 (The folder that outputs go to): it is needed.",
        ),
        (
            "[[folder]]\nsource = 3\ntarget = 'out'",
            "“source” in folder 1 (The folder that is watched): needs a path as text.",
        ),
        (
            f"{MINIMAL}moved_to = 1",
            "“moved_to” in folder 1 (Where done sources are moved to): needs a path as text.",
        ),
        (f"{MINIMAL}preset = 'nice'", "There is no preset “nice”: there are denoise, separate."),
        (
            f"{MINIMAL}preset = 'denoise'\nseparate = {{}}",
            "Number 1 of folder: a folder has one of preset, denoise and separate.",
        ),
        (
            f"{MINIMAL}presets_by_subfolder = 3",
            "“presets_by_subfolder” in folder 1 (Presets that are also names of subfolders, whose files they are for;"
            " true: all presets): needs true, or a list of names.",
        ),
        (
            f"{MINIMAL}on_done = {{ url = 'http://example.org' }}",
            "“url” in folder 1.on_done (Where a request is sent: https, or http to this machine): 'http://example.org'"
            " would be sent as plain text: use https, or http to 127.0.0.1 only.",
        ),
        (
            f"{MINIMAL}on_done = {{ url = 'https://a.b', secret_env = 'NOPE' }}",
            "“secret_env” in folder 1.on_done (The environment variable with the secret that signs requests): the"
            " environment has no NOPE, or it is empty.",
        ),
        (
            f'{MINIMAL}on_done = {{ command = "it\'s" }}',
            "“command” in folder 1.on_done (A program and its arguments, run without a shell): its quotes do not match"
            " (No closing quotation).",
        ),
        (
            f"{MINIMAL}source_policy = 'move'",
            "Done sources of {base}/in are to be moved, and nothing says where: set moved_to.",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_its_meaning_and_the_cure(
    path: Path, text: str, said: str
) -> None:
    assert refused(path, text) == said.replace("{base}", str(path.parent))


def test_a_secret_is_read_from_a_file_beside_the_configuration(path: Path) -> None:
    (path.parent / "secret").write_text("abc\n")
    path.write_text(f"{MINIMAL}on_done = {{ url = 'https://a.b', secret_file = 'secret' }}")
    assert read_config(path).folders[0].on_done == Webhook("https://a.b", "abc")
    (path.parent / "secret").unlink()
    assert "secret cannot be read (No such file or directory)" in refused(path, path.read_text())


def test_a_file_that_is_missing_or_no_text_is_told(path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist: name another file"):
        read_config(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(path)


@pytest.mark.parametrize("name", ["in", "./in", "x/../in", "link"])
def test_a_source_that_is_its_own_target_is_refused_by_whatever_name(path: Path, name: str) -> None:
    (path.parent / "in").mkdir()
    (path.parent / "link").symlink_to("in")
    said = refused(path, f'[[folder]]\nsource = "in"\ntarget = "{name}"\n')
    assert "is watched and written to, so that outputs would be taken as inputs" in said


def test_a_source_inside_a_target_is_refused(path: Path) -> None:
    said = refused(path, '[[folder]]\nsource = "out/in"\ntarget = "out"\n')
    assert said.endswith("choose a target beside it, or inside it.")


@pytest.mark.parametrize("key", ["moved_to", "dead_letter"])
def test_done_and_failed_sources_do_not_go_back_into_the_source(path: Path, key: str) -> None:
    assert "outputs would be taken as inputs" in refused(path, f'{MINIMAL}{key} = "in"\n')


def test_a_target_inside_its_source_is_right(path: Path) -> None:
    path.write_text('[[folder]]\nsource = "in"\ntarget = "in/clean"\n')
    assert read_config(path).folders[0].target == path.parent / "in/clean"


def test_folders_that_feed_each_other_are_refused(path: Path) -> None:
    text = '[[folder]]\nsource = "a"\ntarget = "b"\n[[folder]]\nsource = "b"\ntarget = "a"\n'
    assert "outputs would be taken as inputs" in refused(path, text)


def test_two_folders_may_share_a_source_only_while_both_leave_it_as_it_is(path: Path) -> None:
    two = '[[folder]]\nname = "1"\nsource = "a"\ntarget = "b"\n[[folder]]\nname = "2"\nsource = "a"\ntarget = "c"\n'
    path.write_text(two)
    assert len(read_config(path).folders) == 2
    assert "share files, which one of them would take from the other" in refused(
        path, f'{two}source_policy = "trash"\n'
    )


def test_there_is_no_trash_on_windows_and_it_says_what_to_do_instead(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "set source_policy to move, with moved_to, or to keep" in refused(
        path, f'{MINIMAL}source_policy = "trash"\n'
    )


def test_two_folders_of_one_name_are_refused(path: Path) -> None:
    assert "Two folders are called “" in refused(path, MINIMAL + MINIMAL)


def test_outputs_and_failed_sources_are_kept_apart(path: Path) -> None:
    assert "would hold outputs and sources (failed ones) alike" in refused(
        path, f'{MINIMAL}dead_letter = "out"\n'
    )


def test_the_examples_of_the_documentation_are_right(path: Path) -> None:
    text = (Path(__file__).parents[4] / "docs/watch.md").read_text("utf-8")
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    examples = [dedent(block) for block in blocks if "[[folder]]" in block]
    assert len(examples) == 4
    for example in examples:
        path.write_text(example, "utf-8")
        assert read_config(path).folders


def touch(path: Path) -> None:
    """Another modification time, as every writing gives where clocks are fine enough."""
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1_000_000))


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(path: Path) -> None:
    path.write_text(MINIMAL)
    file = ConfigFile(path)
    file.read()
    assert file.reloaded() is None
    touch(path)
    assert file.reloaded() is None  # it says the same
    path.write_text(f"look_ahead = 2\n{MINIMAL}")
    changed = file.reloaded()
    assert changed
    assert changed.look_ahead == 2
    assert file.reloaded() is None


def test_a_file_that_has_become_wrong_is_told_once_and_read_when_it_is_right_again(path: Path) -> None:
    path.write_text(MINIMAL)
    file = ConfigFile(path)
    file.read()
    path.write_text(f"look_ahead = 0\n{MINIMAL}")
    with pytest.raises(ConfigError, match="look_ahead"):
        file.reloaded()
    assert file.reloaded() is None
    path.unlink()
    with pytest.raises(ConfigError, match="does not exist"):
        file.reloaded()
    assert file.reloaded() is None
    path.write_text(f"look_ahead = 4\n{MINIMAL}")
    right = file.reloaded()
    assert right
    assert right.look_ahead == 4
