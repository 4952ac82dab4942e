"""YAMNet's file is read to the last bit, and no other file does harm."""

import tracemalloc

import numpy as np
import pytest
from models.listen.yamnet.examples import CODES, Changes, file
from support import shared
from unmix_models.errors import InvalidWeights
from unmix_models.listen.yamnet import onnx_graph, tflite

MOST_BYTES = 8 << 20


def test_a_file_is_read_layer_by_layer() -> None:
    network = tflite.read(file())
    first, second = network.convolutions
    assert (first.kernel.values.shape, first.strides, first.pads, first.groups) == (
        (4, 1, 3, 3),
        (2, 2),
        (0, 0, 1, 1),
        1,
    )
    assert (second.kernel.values.shape, second.groups) == ((4, 1, 3, 3), 4)
    assert network.weights.values.shape == (tflite.CLASSES, 4)
    random = np.random.default_rng(7)
    assert np.array_equal(first.kernel.values[:, 0], random.integers(-127, 128, (4, 3, 3, 1))[..., 0])
    steps = random.integers(-20, 21, 4) * np.float32(0.02) * np.linspace(1, 2, 4)
    np.testing.assert_allclose(first.bias, steps, rtol=1e-6)


def test_the_published_file_is_read_whole() -> None:
    network = tflite.read(shared("weights/yamnet/yamnet_spectra_in.tflite").read_bytes())
    assert len(network.convolutions) == 27
    assert network.parameters == 3_729_481
    assert network.weights.values.shape == (521, 1024)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (Changes(identifier=b"TFL2"), "no TFL3"),
        (Changes(patch=(1, 96, 65)), "another size of patch"),
        (Changes(codes=CODES[:3]), "an operator without a code"),
        (Changes(codes=(*CODES[:4], 17, *CODES[5:])), "a layer that is no convolution"),
        (Changes(codes=(*CODES[:5], 3, *CODES[6:])), "other layers than YAMNet's"),
        (Changes(activation=1), "a convolution of another kind"),
        (Changes(stride=0), "a convolution of another kind"),
        (Changes(stride=-2), "a convolution of another kind"),
        (Changes(scale=0), "scales that do not fit"),
        (Changes(scale=float("nan")), "scales that do not fit"),
        (Changes(scale=1e37), "a bias without bounds"),
        (Changes(zero_point=3), "weights that are not symmetric"),
        (Changes(missing=1), "a tensor of another shape"),
        (Changes(graphs=0), "no graph"),
        (Changes(graphs=2), "2 entries where no more than 1"),
    ],
)
def test_another_network_is_refused_by_reason(changes: Changes, message: str) -> None:
    with pytest.raises(
        InvalidWeights, match=rf"no TFLite model that unmix can read \({message}.*download it"
    ):
        tflite.read(file(changes))


def read_or_refuse(data: bytes) -> bool:
    """Whether it was read, and can be written as ONNX."""
    try:
        network = tflite.read(data)
    except InvalidWeights:
        return False
    return len(onnx_graph.encode(network)) < MOST_BYTES


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 100, b"\xff" * 100, b"\x08\0\0\0TFL3" + b"\xff" * 50])
def test_what_is_no_file_of_that_kind_is_refused(data: bytes) -> None:
    assert not read_or_refuse(data)


def test_a_file_that_was_cut_short_is_refused() -> None:
    whole = file()
    for size in [*range(0, len(whole) - 1, 97), len(whole) // 2]:
        assert not read_or_refuse(whole[:size])


@pytest.mark.parametrize("flips", [1, 4, 60])
def test_a_file_with_wrong_bits_is_read_or_refused_within_bounds(flips: int) -> None:
    whole = file()
    random = np.random.default_rng(flips)
    refused = 0
    tracemalloc.start()
    for _ in range(100):
        damaged = np.frombuffer(whole, np.uint8).copy()
        places = random.integers(0, len(damaged), flips)
        damaged[places] = random.integers(0, 256, flips)
        refused += not read_or_refuse(damaged.tobytes())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_BYTES
    assert refused > 3


def test_every_number_that_leads_somewhere_may_be_wrong() -> None:
    """Words of the file one after the other become the largest, the least, and one that leads back."""
    whole = file()
    for place in range(0, len(whole) - 4, 12):
        damaged = bytearray(whole)
        for value in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80")[place // 12 % 3 :][:1]:
            damaged[place : place + 4] = value
            read_or_refuse(bytes(damaged))


def test_the_published_file_with_wrong_bits_is_read_or_refused() -> None:
    whole = np.frombuffer(shared("weights/yamnet/yamnet_spectra_in.tflite").read_bytes(), np.uint8)
    random = np.random.default_rng(3)
    for _ in range(20):
        damaged = whole.copy()
        places = random.integers(0, len(damaged) // 100, 40) * 100 + random.integers(0, 100, 40)
        damaged[places % len(damaged)] ^= 0x80
        damaged[-20_000:][random.integers(0, 20_000, 5)] ^= 0xFF
        try:
            tflite.read(damaged.tobytes())
        except InvalidWeights:
            continue
