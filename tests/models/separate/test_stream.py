from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from demucs.apply import BagOfModels, apply_model
from models.separate.stepping import flush, process
from separators import STEMS, small, song
from unmix_models.audio import Block
from unmix_models.errors import DeviceUnavailable, InvalidWeights, UnsupportedFormat
from unmix_models.separate.htdemucs.checkpoint import CheckpointBag, from_module
from unmix_models.separate.htdemucs.separator import DemucsSeparator, load
from unmix_models.separate.htdemucs.stream import DemucsStream, Segment
from unmix_models.separate.statistics import TrackStatistics, TrackStatisticsMeter

AS_IT_IS = TrackStatistics(0.0, 1.0 - 1e-8)
RATE = 8000
SEGMENT = 12480


def separator(module: object, precision: str = "float32") -> DemucsSeparator:
    return load(from_module(module), name="test", precision=precision)


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return small()


@pytest.fixture(scope="module")
def model(module: torch.nn.Module) -> DemucsSeparator:
    return separator(module)


def cut(audio: Block, sizes: Sequence[int]) -> Iterator[Block]:
    start = 0
    for index in range(len(audio)):
        if start >= len(audio):
            return
        size = sizes[index % len(sizes)]
        yield audio[start : start + size]
        start += size


def streamed(
    model: DemucsSeparator, stream: DemucsStream, audio: Block, sizes: Sequence[int] = (4096,)
) -> dict[str, Block]:
    parts = [process(model, stream, block) for block in cut(audio, sizes)] + [flush(model, stream)]
    return {stem: np.concatenate([part[stem] for part in parts]) for stem in parts[0]}


def applied(module: torch.nn.Module, audio: Block, overlap: float = 0.25) -> dict[str, Block]:
    mix = torch.from_numpy(audio.T.copy())[None]
    stems = apply_model(module, mix, shifts=0, split=True, overlap=overlap)[0]  # pyright: ignore
    return dict(zip(module.sources, (stem.T.numpy() for stem in stems), strict=True))  # pyright: ignore


def assert_same(output: dict[str, Block], expected: dict[str, Block], tolerance: float = 1e-4) -> None:
    assert output.keys() == expected.keys()
    for stem, block in output.items():
        assert block.shape == expected[stem].shape
        assert block.dtype == np.float32
        assert np.abs(block - expected[stem]).max(initial=0) <= tolerance * np.abs(expected[stem]).max(
            initial=0
        )


@pytest.mark.parametrize(
    "frames", [1, 700, 5 * RATE, SEGMENT + 1, pytest.param(61 * RATE, marks=pytest.mark.long)]
)
def test_a_stream_equals_apply_model(module: torch.nn.Module, model: DemucsSeparator, frames: int) -> None:
    audio = song(frames)
    assert_same(streamed(model, model.stream(STEMS, AS_IT_IS), audio), applied(module, audio))


@pytest.mark.long
def test_ten_minutes_equal_apply_model() -> None:
    tiny = small(samplerate=1000, bottom_channels=0, t_heads=2, t_layers=1, nfft=256, depth=2)
    audio = song(600 * 1000)
    tiny_model = separator(tiny)
    assert_same(
        streamed(tiny_model, tiny_model.stream(STEMS, AS_IT_IS), audio, (65536,)), applied(tiny, audio)
    )


def test_duplicated_mono_equals_apply_model(module: torch.nn.Module, model: DemucsSeparator) -> None:
    audio = np.repeat(song(20000, channels=1), 2, axis=1)
    assert_same(streamed(model, model.stream(STEMS, AS_IT_IS), audio), applied(module, audio))


@pytest.mark.long
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.5, 0.7])
@pytest.mark.parametrize("frames", [5000, SEGMENT, 40000])
def test_every_overlap_equals_apply_model(
    module: torch.nn.Module, model: DemucsSeparator, overlap: float, frames: int
) -> None:
    audio = song(frames)
    assert_same(
        streamed(model, model.stream(STEMS, AS_IT_IS, overlap=overlap), audio),
        applied(module, audio, overlap),
    )


@pytest.mark.parametrize(
    "sizes", [pytest.param((1,), marks=pytest.mark.long), (17, 0, 9000, 1), (100000,)], ids=str
)
def test_the_cutting_into_blocks_does_not_matter(model: DemucsSeparator, sizes: tuple[int, ...]) -> None:
    audio = song(30001)
    whole = streamed(model, model.stream(STEMS, AS_IT_IS), audio, (30001,))
    pieces = streamed(model, model.stream(STEMS, AS_IT_IS), audio, sizes)
    assert all(np.array_equal(pieces[stem], whole[stem]) for stem in STEMS)


def test_first_stems_leave_after_the_first_segment(model: DemucsSeparator) -> None:
    stream = model.stream(STEMS, AS_IT_IS)
    audio = song(3 * SEGMENT)
    assert len(process(model, stream, audio[: SEGMENT - 1])["drums"]) == 0
    assert len(process(model, stream, audio[SEGMENT - 1 : SEGMENT])["drums"]) == SEGMENT * 3 // 4


@pytest.mark.long
def test_what_a_stream_holds_does_not_grow_with_length(model: DemucsSeparator) -> None:
    stream = model.stream(["drums"], AS_IT_IS)
    held: list[int] = []
    for block in cut(song(20 * SEGMENT), (1000,)):
        process(model, stream, block)
        overlap_add = stream._lanes[0].overlap_add  # the memory itself is what this test is about
        held.append(sum(part.untyped_storage().nbytes() for part in overlap_add._blocks))
    assert max(held) <= (2.25 * SEGMENT + 1000) * 2 * 4  # half a segment of past, then one and a stride


def test_no_audio_gives_no_audio(model: DemucsSeparator) -> None:
    result = flush(model, model.stream(["bass"], AS_IT_IS))
    assert result["bass"].shape == (0, 2)


def test_wanted_stems_come_alone_and_equal(model: DemucsSeparator) -> None:
    audio = song(20000)
    every = streamed(model, model.stream(STEMS, AS_IT_IS), audio)
    some = streamed(model, model.stream(["vocals", "bass"], AS_IT_IS), audio)
    assert list(some) == ["vocals", "bass"]
    assert_same(some, {stem: every[stem] for stem in some}, 1e-5)


@pytest.mark.parametrize("level", [1.0, 0.001])
def test_the_track_is_normalised_as_demucs_does(
    module: torch.nn.Module, model: DemucsSeparator, level: float
) -> None:
    audio = song(30000) * np.float32(level) + np.float32(0.01)
    meter = TrackStatisticsMeter()
    for block in cut(audio, (999,)):
        meter.add(block)
    # demucs.api.Separator.separate_tensor
    mono = torch.from_numpy(audio.T.copy()).mean(0)
    mean, deviation = mono.mean().item(), mono.std().item() + 1e-8
    expected = {
        stem: block * deviation + mean for stem, block in applied(module, (audio - mean) / deviation).items()
    }
    assert_same(streamed(model, model.stream(STEMS, meter.result()), audio), expected)


def test_track_statistics_are_those_of_the_mono_mix() -> None:
    audio = song(10000) + np.float32(0.5)
    meter = TrackStatisticsMeter()
    for block in cut(audio, (1, 0, 333)):
        meter.add(block)
    mono = torch.from_numpy(audio).double().mean(1)
    assert meter.result().mean == pytest.approx(mono.mean().item(), rel=1e-9)
    assert meter.result().std == pytest.approx(mono.std().item(), rel=1e-9)


@pytest.mark.parametrize("audio", [np.zeros((9, 2)), np.full((9, 2), 0.1), np.ones((1, 2)), np.ones((0, 2))])
def test_statistics_of_nothing_but_a_constant_have_no_deviation(audio: Block) -> None:
    meter = TrackStatisticsMeter()
    for block in cut(audio.astype(np.float32), (4,)):
        meter.add(block)
    assert meter.result().std == 0
    assert meter.result().factor == 0


def test_silence_stays_silence(model: DemucsSeparator) -> None:
    silence = np.zeros((20000, 2), np.float32)
    for stem in streamed(model, model.stream(STEMS, TrackStatistics(0.0, 0.0)), silence).values():
        assert np.array_equal(stem, silence)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "audio",
    [np.zeros((9000, 2)), np.full((9000, 2), 0.5), np.sign(song(9000)), np.ones((1, 2)), np.eye(9000)[:, :2]],
    ids=["silence", "constant", "full scale", "one sample", "a click"],
)
def test_no_input_gives_nan(module: torch.nn.Module, precision: str, audio: Block) -> None:
    audio = audio.astype(np.float32)
    meter = TrackStatisticsMeter()
    meter.add(audio)
    model = separator(module, precision)
    for stem in streamed(model, model.stream(STEMS, meter.result()), audio).values():
        assert stem.shape == audio.shape
        assert np.isfinite(stem).all()


@pytest.mark.long
def test_shifts_average_shifted_runs_and_repeat_to_the_bit(
    module: torch.nn.Module, model: DemucsSeparator
) -> None:
    audio = song(30000)
    once = streamed(model, model.stream(STEMS, AS_IT_IS, shifts=2), audio)
    again = streamed(model, model.stream(STEMS, AS_IT_IS, shifts=2), audio, (777,))
    leads = [lane.overlap_add._lead for lane in model.stream(STEMS, AS_IT_IS, shifts=2)._lanes]
    assert len(set(leads)) == 2
    runs = [applied(module, np.pad(audio, ((lead, 0), (0, 0)))) for lead in leads]
    expected = {
        stem: np.mean([run[stem][lead:] for run, lead in zip(runs, leads, strict=True)], 0) for stem in STEMS
    }
    assert_same(once, expected)
    assert all(np.array_equal(once[stem], again[stem]) for stem in STEMS)


def bag(weights: list[list[float]] | None) -> BagOfModels:
    return BagOfModels([small(seed=seed) for seed in range(4)], weights)  # pyright: ignore


@pytest.mark.long
@pytest.mark.parametrize(
    "weights",
    [None, [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 1], [1, 0, 2, 0.5]], np.eye(4).tolist()],
    ids=["equal", "as in mdx", "as in htdemucs_ft"],
)
@pytest.mark.parametrize("wanted", [STEMS, ("other", "bass")], ids=len)
def test_a_bag_equals_bag_of_models(weights: list[list[float]] | None, wanted: tuple[str, ...]) -> None:
    models = bag(weights)
    audio = song(20000)
    expected = applied(models, audio)
    model = separator(models)
    output = streamed(model, model.stream(wanted, AS_IT_IS), audio)
    assert_same(output, {stem: expected[stem] for stem in wanted})


def test_a_fine_tuned_bag_runs_one_network_for_one_stem() -> None:
    stream = separator(bag(np.eye(4).tolist())).stream(["other"], AS_IT_IS)
    stream.push(song(SEGMENT))
    segment = stream.pending()
    assert segment is not None
    assert (segment.network, segment.stems) == (2, (2,))
    assert len(stream._lanes) == 1


def test_segments_of_several_streams_share_a_batch(model: DemucsSeparator) -> None:
    first, second = song(20000, seed=1), song(15000, seed=2)
    streams = [model.stream(STEMS, AS_IT_IS), model.stream(["bass"], AS_IT_IS)]
    parts: list[list[Block]] = [[], []]
    for stream, audio in zip(streams, (first, second), strict=True):
        stream.push(audio)
        stream.finish()
    while waiting := [(stream, segment) for stream in streams if (segment := stream.pending()) is not None]:
        outputs = model.forward([segment for _, segment in waiting])
        for (stream, _), output in zip(waiting, outputs, strict=True):
            stream.accept(output)
        for collected, stream in zip(parts, streams, strict=True):
            collected.append(stream.take()["bass"])
    for collected, audio in zip(parts, (first, second), strict=True):
        alone = streamed(model, model.stream(["bass"], AS_IT_IS), audio)
        assert_same({"bass": np.concatenate(collected)}, alone, 1e-5)


def test_a_batch_of_equal_segments_is_one_forward_pass(model: DemucsSeparator) -> None:
    waves = [torch.from_numpy(song(SEGMENT, seed=seed).T.copy()) for seed in range(3)]
    together = model.forward([Segment(wave, 0, (1,)) for wave in waves])
    for wave, output in zip(waves, together, strict=True):
        (alone,) = model.forward([Segment(wave, 0, (1,))])
        assert torch.allclose(output, alone, rtol=0, atol=1e-5 * float(alone.abs().max()))


def test_a_pending_segment_stays_until_it_is_accepted(model: DemucsSeparator) -> None:
    stream = model.stream(STEMS, AS_IT_IS)
    stream.push(song(SEGMENT))
    first, second = stream.pending(), stream.pending()
    assert first is not None
    assert second is not None
    assert torch.equal(first.wave, second.wave)
    stream.accept(model.forward([first])[0])
    assert stream.pending() is None


def test_strange_requests_are_refused_with_advice(model: DemucsSeparator) -> None:
    with pytest.raises(UnsupportedFormat, match="ask for drums, bass, other, vocals"):
        model.stream(["kazoo"], AS_IT_IS)
    with pytest.raises(UnsupportedFormat, match="overlap"):
        model.stream(STEMS, AS_IT_IS, overlap=1.0)
    with pytest.raises(UnsupportedFormat, match="2 channels"):
        model.stream(STEMS, AS_IT_IS).push(np.zeros((5, 1), np.float32))


def test_a_network_that_wants_statistics_says_so_where_it_gets_none(model: DemucsSeparator) -> None:
    with pytest.raises(ValueError, match="measure it first"):
        model.stream(STEMS, None)


def test_the_overlap_of_a_network_that_nobody_sets_is_a_quarter(model: DemucsSeparator) -> None:
    audio = song(30000)
    usual = streamed(model, model.stream(STEMS, AS_IT_IS), audio)
    quarter = streamed(model, model.stream(STEMS, AS_IT_IS, overlap=0.25), audio)
    half = streamed(model, model.stream(STEMS, AS_IT_IS, overlap=0.5), audio)
    assert all(np.array_equal(usual[stem], quarter[stem]) for stem in STEMS)
    assert not np.array_equal(usual["bass"], half["bass"])


def test_what_a_separator_says_of_itself(model: DemucsSeparator) -> None:
    assert (model.name, model.stems, model.sample_rate, model.channels) == ("test", STEMS, RATE, 2)
    assert (model.device, model.precision, model.segment_frames) == ("cpu", "float32", SEGMENT)
    assert model.memory_bytes > 0


def test_devices_and_precisions_that_do_not_exist_here_are_refused(module: torch.nn.Module) -> None:
    with pytest.raises(DeviceUnavailable, match="use cpu"):
        load(from_module(module), name="test", device="cuda:99")
    with pytest.raises(DeviceUnavailable, match="float16 needs a GPU"):
        load(from_module(module), name="test", precision="float16")


def test_automatic_precision_is_one_of_those_that_exist(module: torch.nn.Module) -> None:
    assert separator(module, "auto").precision in {"float32", "bfloat16"}


def test_missing_tensors_are_refused(module: torch.nn.Module) -> None:
    (member,) = from_module(module).members
    tensors = {name: tensor for name, tensor in member.tensors.items() if name != "encoder.0.conv.weight"}
    broken = CheckpointBag((type(member)(member.parameters, tensors),), ((1.0,) * 4,))
    with pytest.raises(InvalidWeights, match="incomplete"):
        load(broken, name="test")
