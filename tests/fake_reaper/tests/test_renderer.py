"""The reference renderer, and that a right placement of unchanged sound comes out the same to the last bit."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_reaper import Effect, Item, Project, Source, StretchMarker, examples
from fake_reaper.renderer import played, played_source_frames, render, render_item, unheard


def place_identity(item: Item, path: Path) -> None:
    """Add what a script should: a take of its own file with unchanged sound, only the frames that play."""
    old = item.take
    needed, source = played(old), old.source
    samples, rate = soundfile.read(needed.path, dtype="float64", always_2d=True)
    samples = samples[needed.first_frame :][: needed.frames][:: -1 if needed.reverse else 1]
    start = old.start_offset - needed.skipped / source.sample_rate
    if old.stretch_markers or needed.frames == source.frames:
        samples, start = source.read(), old.start_offset
    soundfile.write(
        path, samples, rate, subtype="FLOAT" if "FLOAT" in soundfile.info(needed.path).subtype else "PCM_24"
    )
    new = old.copy_to(item)
    new.play(Source.from_file(path))
    new.start_offset = start
    item.takes.append(new)
    item.active = new.index
    if item.all_takes_play:
        item.takes.remove(old)
        item.active = new.index


@pytest.mark.parametrize("kind", examples.PLAYABLE)
def test_unchanged_sound_placed_rightly_is_bit_equal(tmp_path: Path, kind: str) -> None:
    project, item = examples.one(tmp_path, kind)
    before, also = render(project), unheard(project)
    place_identity(item, tmp_path / "new.wav")
    assert np.array_equal(render(project), before)
    assert unheard(project) == also
    assert before.any() != bool(item.mute)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_bit_equal_for_any_trim_and_rate(tmp_path: Path, seed: int) -> None:
    dice = np.random.default_rng(seed)
    studio = examples.Studio(tmp_path)
    studio.time = float(dice.uniform(0, 5))
    source = Source.from_file(studio.record(seconds=2, sample_rate=int(dice.choice([44100, 48000, 96000]))))
    if dice.integers(2):
        source = Source.section(
            source, *map(float, dice.uniform(0.2, 1.5, 2)), reverse=bool(dice.integers(2))
        )
    item = studio.item(source, float(dice.uniform(0.1, 0.9)), loop_source=int(dice.integers(2)))
    item.take.start_offset, item.take.play_rate = (
        float(dice.uniform(-0.1, 0.5)),
        float(dice.uniform(0.5, 1.5)),
    )
    before = render(studio.project)
    if played(item.take) is not None:
        place_identity(item, tmp_path / "new.wav")
    assert played(item.take) is not None or not before.any()
    assert np.array_equal(render(studio.project), before)


@pytest.mark.parametrize("kind", examples.UNPLAYABLE)
def test_what_cannot_play_is_silent(tmp_path: Path, kind: str) -> None:
    project, item = examples.one(tmp_path, kind)
    assert not render(project).any()
    assert item.take is None or played_source_frames(item.take) is None


def test_a_plain_item_plays_its_file_at_its_place(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "plain")
    first, sound = render_item(item)
    recording = soundfile.read(item.take.source.path)[0]
    assert first == 24000
    assert np.array_equal(sound, recording)
    assert np.array_equal(render(project)[24000:], recording)
    assert not render(project)[:24000].any()


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("plain", (0, 48000)),
        ("trimmed", (36000, 60000)),
        ("silent end", (0, 24000)),
        ("early", (0, 36000)),
        ("section", (36000, 48000)),
        ("backwards", (36000, 48000)),
        ("backwards section", (36000, 48000)),
        ("section of backwards", (72000, 36000)),
        ("looped", (0, 19200)),
        ("looped section", (24000, 19200)),
        ("time stretched", (9600, 62400)),
        ("shared", (24000, 24000)),
        ("low rate", (22050, 44101)),
    ],
)
def test_the_frames_that_play_are_known_exactly(tmp_path: Path, kind: str, needed: tuple[int, int]) -> None:
    _, item = examples.one(tmp_path, kind)
    assert played_source_frames(item.take) == needed


def test_no_frame_outside_of_those_is_heard_and_each_of_them_is(tmp_path: Path) -> None:
    for kind in ("trimmed", "backwards section", "time stretched", "low rate", "off grid"):
        project, item = examples.one(tmp_path / kind, kind)
        before, needed = render(project), played(item.take)
        recording, rate = soundfile.read(needed.path, always_2d=True)
        path, last = needed.path, needed.first_frame + needed.frames - 1
        for frame, heard in (
            (needed.first_frame - 1, False),
            (needed.first_frame, True),
            (last, True),
            (last + 1, False),
        ):
            other = recording.copy()
            other[frame] = 0.5
            soundfile.write(path, other, rate, subtype="PCM_16")
            item.fade_in = item.fade_out = 0.0
            changed = render(project)
            soundfile.write(path, recording, rate, subtype="PCM_16")
            assert np.array_equal(changed, render(project)) != heard, (kind, frame)
        assert before.any()


def test_backwards_is_backwards(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "backwards")
    recording = soundfile.read(item.take.source.file.path)[0]
    assert np.array_equal(render_item(item)[1], recording[::-1][12000:60000])
    assert len(project.items) == 1


def test_a_loop_goes_around(tmp_path: Path) -> None:
    _, item = examples.one(tmp_path, "looped")
    item.fade_out = 0.0
    recording = soundfile.read(item.take.source.path)[0]
    assert np.array_equal(render_item(item)[1], np.tile(recording, (3, 1))[4800:52800])


def ramp(folder: Path, **values: float) -> Item:
    """An item of two seconds that plays its own time: a sample's value is its second / 4."""
    studio = examples.Studio(folder)
    path = folder / "ramp.wav"
    soundfile.write(path, np.arange(192000)[:, None].repeat(2, axis=1) / 192000, 48000, subtype="DOUBLE")
    item = studio.plays(path, 2.0)
    for name, value in values.items():
        setattr(item.take, name, value)
    return item


def seconds_heard(item: Item, at: float) -> float:
    """Return which second of the ramp is heard at a second of the item."""
    return float(render_item(item)[1][round(at * 48000), 0]) * 4


def test_rates_and_markers_move_through_the_source(tmp_path: Path) -> None:
    item = ramp(tmp_path, start_offset=0.5, play_rate=1.5)
    assert seconds_heard(item, 1.0) == pytest.approx(2.0, abs=1e-4)
    item.take.stretch_markers = [StretchMarker(0.3, 1.0), StretchMarker(1.5, 1.6)]
    assert seconds_heard(item, 0.2) == pytest.approx(1.0, abs=1e-4)
    assert seconds_heard(item, 0.6) == pytest.approx(1.3, abs=1e-4)
    assert seconds_heard(item, 1.2) == pytest.approx(1.9, abs=1e-4)
    item.take.stretch_markers[0] = StretchMarker(0.3, 1.0, 0.5)
    assert seconds_heard(item, 0.6) == pytest.approx(1.0 + 0.6 * 0.5 * 0.75, abs=1e-4)


def one_frame(item: Item) -> tuple[float, float]:
    left, right = render_item(item)[1][24000]
    return float(left), float(right)


def test_volumes_pans_modes_and_effects_are_heard(tmp_path: Path) -> None:
    path = tmp_path / "steady.wav"
    soundfile.write(path, np.tile([0.5, 0.25], (48000, 1)), 48000, subtype="DOUBLE")
    item = examples.Studio(tmp_path).plays(path)
    take = item.take
    assert one_frame(item) == (0.5, 0.25)
    for mode, heard in {1: (0.25, 0.5), 2: (0.375, 0.375), 3: (0.5, 0.5), 4: (0.25, 0.25), 5: (0, 0)}.items():
        take.channel_mode = mode
        assert one_frame(item) == heard
    take.channel_mode, take.volume, take.pan = 0, -2.0, -0.5
    assert one_frame(item) == (-1.0, -0.25)
    item.volume, take.effects = 0.5, [Effect("Gain", 4.0)]
    assert one_frame(item) == (-2.0, -0.5)
    item.mute = 1
    assert one_frame(item) == (0.0, 0.0)


def test_fades_are_heard_and_automatic_ones_come_first(tmp_path: Path) -> None:
    item = ramp(tmp_path)
    item.length, item.fade_in, item.fade_out = 1.0, 0.5, 0.0
    whole = seconds_heard(item, 0.75)
    assert whole == pytest.approx(0.75, abs=1e-4)
    assert seconds_heard(item, 0.25) == pytest.approx(0.125, abs=1e-4)
    item.fade_in_auto = 0.25
    assert seconds_heard(item, 0.25) == pytest.approx(0.25, abs=1e-4)
    item.fade_out = 0.5
    assert seconds_heard(item, 0.75) == pytest.approx(0.375, abs=1e-4)


def folder_of_two(folder: Path) -> Project:
    studio = examples.Studio(folder)
    project = studio.project
    project.tracks[0].folder_depth = 1
    studio.track = project.add_track("In it", folder_depth=-1)
    studio.plays(studio.record())
    studio.track, studio.time = project.add_track("Beside"), 0.5
    studio.plays(studio.record())
    return project


def test_a_folder_carries_what_is_in_it(tmp_path: Path) -> None:
    project = folder_of_two(tmp_path)
    outer, inner, beside = project.tracks
    both, alone = render(project), render(project, [beside])
    assert np.array_equal(render(project, [inner]) + alone, both)
    outer.mute = 1
    assert np.array_equal(render(project), alone)
    outer.mute, inner.solo = 0, 1
    within = render(project)
    assert np.array_equal(within, render(project, [inner]))
    inner.solo, outer.solo = 0, 1
    assert np.array_equal(render(project), within)
    outer.volume = 0.5
    assert np.array_equal(render(project), within * 0.5)
    inner.main_send = 0
    assert not render(project).any()


def test_lanes_and_takes_that_do_not_play_are_silent(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path / "lane", "fixed lane")
    assert np.array_equal(render(project), render_alone(item))
    project, item = examples.one(tmp_path / "takes", "several takes")
    second = render(project)
    item.active = 0
    assert not np.array_equal(render(project), second)
    item.all_takes_play = 1
    assert np.array_equal(render(project), sum(render_take_alone(item, index) for index in range(3)))


def render_alone(item: Item) -> np.ndarray:
    item.track.items = [item]
    return render(item.track.project)


def render_take_alone(item: Item, index: int) -> np.ndarray:
    item.active, item.all_takes_play = index, 0
    alone = render(item.track.project)
    item.all_takes_play = 1
    return alone
