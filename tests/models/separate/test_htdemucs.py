import pytest
import torch
from separators import STEMS, released, small, song
from torch import Tensor
from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs.checkpoint import from_module
from unmix_models.separate.htdemucs.hyper_parameters import HyperParameters
from unmix_models.separate.htdemucs.network import HTDemucs
from unmix_models.separate.kernels import Kernels, OneDnnKernels, TorchKernels
from unmix_models.separate.precision import LAYER_TYPES, Precision

CPU = torch.device("cpu")
ALL = range(len(STEMS))

VARIANTS: dict[str, dict[str, object]] = {
    "as released": {},
    "without bottom channels (htdemucs_6s)": {"bottom_channels": 0},
    "six stems": {"sources": [*STEMS, "piano", "guitar"]},
    "no residual branches in the decoder": {"dconv_mode": 1},
    "no residual branches": {"dconv_mode": 0},
    "one residual branch": {"dconv_depth": 1},
    "cross-attention first": {"t_cross_first": True},
    "no frequency embedding": {"freq_emb": 0},
    "wider encoder context": {"context_enc": 1},
    "one channel": {"audio_channels": 1},
    "odd segment": {"segment": 1.0001},
}


def network(
    module: object, precision: Precision = Precision.FLOAT32, kernels: Kernels | None = None
) -> HTDemucs:
    (checkpoint,) = from_module(module).members
    return HTDemucs(checkpoint.parameters, checkpoint.tensors, CPU, LAYER_TYPES[precision], kernels)


def segments(module: torch.nn.Module, batch: int = 1) -> Tensor:
    frames = int(module.segment * module.samplerate)  # pyright: ignore  # untyped library
    blocks = [song(frames, channels=module.audio_channels, seed=seed) for seed in range(batch)]  # pyright: ignore
    return torch.stack([torch.from_numpy(block.T.copy()) * (1 + index) for index, block in enumerate(blocks)])


def reference(module: torch.nn.Module, mix: Tensor) -> Tensor:
    with torch.no_grad():
        return module(mix)


def relative(output: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    return float((output - expected).abs().max() / expected.abs().max())


def ratio(output: Tensor, expected: Tensor) -> float:
    """SI-SDR in dB."""
    target = expected * (output * expected).sum() / expected.square().sum()
    return float(10 * torch.log10(target.square().sum() / (output - target).square().sum()))


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_forward_equals_demucs(changes: dict[str, object]) -> None:
    module = small(**changes)
    mix = segments(module)
    expected = reference(module, mix)
    output = network(module).forward(mix, range(expected.shape[1]))
    assert output.shape == expected.shape
    assert relative(output, expected) < 1e-4


@pytest.mark.parametrize("kernels", [TorchKernels(), OneDnnKernels()], ids=["public", "oneDNN"])
def test_both_kernels_equal_demucs_for_a_batch(kernels: Kernels) -> None:
    module = small()
    mix = segments(module, batch=3)
    output = network(module, kernels=kernels).forward(mix, ALL)
    for one, expected in zip(output, reference(module, mix), strict=True):
        assert relative(one, expected) < 1e-4


@pytest.mark.long
def test_forward_equals_demucs_at_the_released_size() -> None:
    module = released()
    mix = segments(module)
    expected = reference(module, mix)
    assert relative(network(module).forward(mix, ALL), expected) < 1e-4
    mixed = network(module, Precision.BFLOAT16).forward(mix, ALL)
    assert all(ratio(stem, wanted) > 45 for stem, wanted in zip(mixed[0], expected[0], strict=True))


@pytest.mark.long
@pytest.mark.parametrize("threads", [1, 2])
def test_the_result_does_not_depend_on_threads(threads: int) -> None:
    module = small()
    mix = segments(module)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert relative(network(module).forward(mix, ALL), reference(module, mix)) < 1e-4
    finally:
        torch.set_num_threads(before)


def test_only_the_asked_stems_are_computed() -> None:
    module = small()
    mix = segments(module)
    fast = network(module)
    every = fast.forward(mix, ALL)
    some = fast.forward(mix, [3, 1])
    assert some.shape[1] == 2
    assert relative(some, every[:, [3, 1]]) < 1e-5


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
@pytest.mark.parametrize(
    "mix",
    [
        torch.zeros(1, 2, 12480),
        torch.ones(1, 2, 12480),
        torch.eye(12480)[None, :2],
        torch.rand(1, 2, 12480).sign(),
    ],
    ids=["silence", "constant", "one sample", "full scale"],
)
def test_extreme_input_gives_finite_output(precision: Precision, mix: Tensor) -> None:
    assert network(small(), precision).forward(mix, ALL).isfinite().all()


def test_a_mixed_precision_network_keeps_45_db() -> None:
    module = small()
    mix = segments(module)
    assert ratio(network(module, Precision.BFLOAT16).forward(mix, ALL), reference(module, mix)) > 45


@pytest.mark.parametrize(
    "changes",
    [
        {"cac": False},
        {"t_emb": "cape"},
        {"norm_starts": 2},
        {"t_layers": 0},
        {"multi_freqs": [0.5]},
        {"kernel_size": 6},
        {"depth": 5},
        {"t_norm_first": False},
    ],
    ids=str,
)
def test_networks_of_another_computation_are_refused_by_name(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidWeights, match=next(iter(changes))):
        HyperParameters.parse({"sources": STEMS, **changes})


def test_a_checkpoint_without_stems_is_refused() -> None:
    with pytest.raises(InvalidWeights, match="stems"):
        HyperParameters.parse({})


def test_training_parameters_are_ignored() -> None:
    parsed = HyperParameters.parse({"sources": ["a"], "t_dropout": 0.2, "rescale": 0.1, "multi_freqs": []})
    assert parsed == HyperParameters(("a",))
