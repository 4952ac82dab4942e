"""What YAMNet's ear hears does not depend on level, on blocks or on signs, and is right for clear cases."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from support import shared
from unmix_models.listen.ear import CELL, HEARD, SAMPLE_RATE, Sound
from unmix_models.listen.yamnet import onnx_graph, tflite
from unmix_models.listen.yamnet.ear import YamnetEar, load
from unmix_models.listen.yamnet.log_mel import HOP, WINDOW, magnitudes


@pytest.fixture(scope="module")
def ear(tmp_path_factory: pytest.TempPathFactory) -> YamnetEar:
    folder = tmp_path_factory.mktemp("yamnet")
    network = tflite.read(shared("weights/yamnet/yamnet_spectra_in.tflite").read_bytes())
    (folder / "yamnet.onnx").write_bytes(onnx_graph.encode(network))
    return load(folder)


def hear(ear: YamnetEar, samples: np.ndarray, *cuts: int) -> np.ndarray:
    stream = ear.stream(samples.shape[1])
    heard = [stream.process(block) for block in np.split(samples, cuts)]
    return np.concatenate([*heard, stream.flush()])


def recording(path: str) -> np.ndarray:
    samples, rate = soundfile.read(shared(path), dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)


def talk() -> np.ndarray:
    """Real speech with a pause of digital silence in it."""
    folder = shared("audio/speech16k/clean")
    first, second = (recording(f"audio/speech16k/clean/{path.name}") for path in sorted(folder.iterdir())[:2])
    return np.concatenate([first, np.zeros((2 * SAMPLE_RATE, 1), np.float32), second])


def heard_as(ear: YamnetEar, samples: np.ndarray, sound: Sound) -> float:
    """Share of the half seconds for which it is the likeliest."""
    return float((hear(ear, samples).argmax(axis=1) == HEARD.index(sound)).mean())


def test_music_is_heard_as_music(ear: YamnetEar) -> None:
    for name in ("mixture", "piano", "guitar", "strings"):
        assert (
            heard_as(ear, recording(f"audio/music_stems/{name}.flac")[: 8 * SAMPLE_RATE], Sound.MUSIC) > 0.9
        )


def test_speech_is_heard_as_speech(ear: YamnetEar) -> None:
    for path in sorted(shared("audio/speech16k/clean").iterdir())[:4]:
        assert heard_as(ear, recording(f"audio/speech16k/clean/{path.name}"), Sound.SPEECH) > 0.9


def test_a_voice_over_music_is_heard_as_both(ear: YamnetEar) -> None:
    voice = talk()[: 6 * SAMPLE_RATE, :1]
    bed = recording("audio/music_stems/mixture.flac")[: len(voice)].mean(axis=1, keepdims=True)
    bed *= voice.std() / bed.std() * np.float32(10 ** (-9 / 20))
    assert heard_as(ear, voice[: len(bed)] + bed, Sound.SPEECH_OVER_MUSIC) > 0.6


def test_noise_is_something_else(ear: YamnetEar) -> None:
    noise = np.random.default_rng(0).standard_normal((6 * SAMPLE_RATE, 2)).astype(np.float32)
    assert heard_as(ear, noise * np.float32(0.01), Sound.OTHER) == 1


def test_the_answers_do_not_depend_on_blocks(ear: YamnetEar) -> None:
    samples = np.repeat(talk(), 2, axis=1)
    whole = hear(ear, samples)
    random = np.random.default_rng(2)
    for count in (3, 200):
        cuts = sorted(random.integers(0, len(samples), count))
        assert np.array_equal(hear(ear, samples, *cuts), whole)
    assert np.array_equal(hear(ear, samples, *range(1, 400)), whole)


@pytest.mark.parametrize("gain_db", [-60, -33, 12])
def test_the_answers_do_not_depend_on_level(ear: YamnetEar, gain_db: float) -> None:
    samples = talk()
    louder = hear(ear, samples * np.float32(10 ** (gain_db / 20)))
    np.testing.assert_allclose(louder, hear(ear, samples), atol=1e-3)


def test_channels_of_opposite_signs_do_not_cancel_out(ear: YamnetEar) -> None:
    samples = talk()
    opposite = np.concatenate([samples, -samples], axis=1)
    np.testing.assert_allclose(hear(ear, opposite), hear(ear, samples), atol=1e-4)


@pytest.mark.parametrize("length", [0, 1, CELL - 1, CELL, CELL + 1, 6 * CELL, 7 * CELL + 3])
def test_every_half_second_that_was_begun_has_one_answer(ear: YamnetEar, length: int) -> None:
    noise = np.random.default_rng(1).standard_normal((length, 1)).astype(np.float32)
    for samples in (noise, np.zeros_like(noise)):
        answers = hear(ear, samples)
        assert answers.shape == (-(-length // CELL), len(HEARD))
        assert answers.dtype == np.float32
        assert np.isfinite(answers).all()
        assert (answers >= -6).all()
        assert (answers <= 0).all()


def test_an_answer_is_known_three_and_a_half_seconds_after_its_half_second_began(ear: YamnetEar) -> None:
    samples = talk()
    stream = ear.stream(1)
    for cell in range(len(samples) // CELL):
        answers = len(stream.process(samples[cell * CELL : (cell + 1) * CELL]))
        assert answers == (1 if cell >= 6 else 0)


def test_a_buffer_may_be_used_again(ear: YamnetEar) -> None:
    samples = talk()[: 5 * CELL]
    stream, buffer = ear.stream(1), np.empty((1000, 1), np.float32)
    heard = []
    for start in range(0, len(samples), 1000):
        buffer[:] = samples[start : start + 1000]
        heard.append(stream.process(buffer))
    assert np.array_equal(np.concatenate([*heard, stream.flush()]), hear(ear, samples))


def test_bands_and_levels_are_those_of_a_tone() -> None:
    seconds = np.arange(49 * HOP + WINDOW) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 1000 * seconds)[:, None].astype(np.float32)
    mel, levels = magnitudes(tone)
    assert mel.shape == (50, tflite.BANDS)
    np.testing.assert_allclose(levels, np.sqrt(0.5), rtol=1e-2)
    assert set(mel.argmax(axis=1)) == {19}  # its middle is at 1003 Hz


def test_a_constant_is_not_heard() -> None:
    noise = np.random.default_rng(4).standard_normal((49 * HOP + WINDOW, 1)).astype(np.float32) * 0.01
    mel, levels = magnitudes(noise)
    shifted, raised = magnitudes(noise + np.float32(0.3))
    np.testing.assert_allclose(raised, levels, rtol=0.2)
    np.testing.assert_allclose(shifted[:, 8:], mel[:, 8:], rtol=0.2)


def test_it_is_made_of_a_file_that_is_there(tmp_path: Path) -> None:
    network = tflite.read(shared("weights/yamnet/yamnet_spectra_in.tflite").read_bytes())
    (tmp_path / "yamnet.onnx").write_bytes(onnx_graph.encode(network))
    ear = load(tmp_path)
    assert ear.memory_bytes > 20 << 20
    ear.close()
