import hashlib
import io
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from demucs.apply import BagOfModels
from demucs.hdemucs import HDemucs
from demucs.hf import load_safetensors_model
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file
from separators import STEMS, small
from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs.checkpoint import CLASS, from_module, read
from unmix_models.separate.htdemucs.legacy import convert

KEYWORDS = {
    "sources": list(STEMS),
    "samplerate": 8000,
    "segment": Fraction(39, 25),
    "channels": 8,
    "nfft": 1024,
    "depth": 3,
    "dconv_mode": 3,
    "bottom_channels": 32,
    "t_heads": 4,
    "t_layers": 3,
    "t_dropout": 0.02,
}


def encoded(value: object) -> object:
    assert isinstance(value, Fraction)
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}


def write_safetensors(path: Path, **changes: str) -> HTDemucs:
    """As demucs' `tools/export_hf.py` does, in half precision."""
    module = small()
    state = {name: tensor.half().contiguous() for name, tensor in module.state_dict().items()}
    metadata = {"klass": CLASS, "args": "[]", "kwargs": json.dumps(KEYWORDS, default=encoded), **changes}
    save_file(state, path, metadata)
    return module


def write_legacy(folder: Path, package: dict[str, object]) -> Path:
    """As demucs' `save_with_checksum` does."""
    buffer = io.BytesIO()
    torch.save(package, buffer)
    path = folder / f"abcd1234-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.th"
    path.write_bytes(buffer.getvalue())
    return path


def package(**changes: object) -> dict[str, object]:
    state = {name: tensor.half() for name, tensor in small().state_dict().items()}
    training = {"dset": {"segment": 11, "musdb": None}, "optim": {"lr": 3e-4}}
    return {
        "klass": HTDemucs,
        "args": (),
        "kwargs": KEYWORDS,
        "state": state,
        "training_args": training,
        **changes,
    }


def test_a_safetensors_checkpoint_is_read(tmp_path: Path) -> None:
    module = write_safetensors(tmp_path / "one.safetensors")
    (member,) = read(tmp_path / "one.safetensors").members
    assert member.parameters.segment_frames == 12480
    assert member.parameters.sources == STEMS
    assert member.tensors.keys() == module.state_dict().keys()


def test_a_bag_is_read_with_its_weights_and_segment(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_safetensors(tmp_path / f"{name}.safetensors")
    (tmp_path / "bag.yaml").write_text(
        "models: [one, two]\nweights: [[1, 0, 1, 1], [0, 1, 1, 2]]\nsegment: 1.5\n"
    )
    bag = read(tmp_path / "bag.yaml")
    assert bag.weights == ((1, 0, 1, 1), (0, 1, 1, 2))
    assert [member.parameters.segment_frames for member in bag.members] == [12000, 12000]


def test_a_bag_does_not_lengthen_segments(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "one.safetensors")
    (tmp_path / "bag.yaml").write_text("models: [one]\nsegment: 44\n")
    bag = read(tmp_path / "bag.yaml")
    assert bag.members[0].parameters.segment_frames == 12480
    assert bag.weights == ((1, 1, 1, 1),)


@pytest.mark.parametrize(
    "text",
    [
        "models: []",
        "models: ['../one']",
        "models: [one]\nweights: [[1, 0, 1, 1]]",
        "models: [one]\nweights: [[1, 1]]",
        "models: [one]\nweights: [[1, 1, 1, 1], [1, 1, 1, 1]]",
        "weights: [[1, 1, 1, 1]]",
        "just text",
        "models: [one",
        "!!python/object/apply:os.getcwd []",
    ],
)
def test_a_broken_bag_is_refused(tmp_path: Path, text: str) -> None:
    write_safetensors(tmp_path / "one.safetensors")
    (tmp_path / "bag.yaml").write_text(text)
    with pytest.raises(InvalidWeights):
        read(tmp_path / "bag.yaml")


@pytest.mark.parametrize(
    "changes",
    [
        {"klass": "os.system"},
        {"klass": "demucs.hdemucs.HDemucs"},
        {"kwargs": "{"},
        {"kwargs": '{"sources": ["a"], "nfft": "4096"}'},
        {"kwargs": '{"sources": ["a"], "stride": 0}'},
        {"args": "[[], 2]"},
        {"structure": "{}"},
    ],
    ids=str,
)
def test_a_strange_checkpoint_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    write_safetensors(tmp_path / "one.safetensors", **changes)
    with pytest.raises(InvalidWeights):
        read(tmp_path / "one.safetensors")


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    write_safetensors(path)
    os.truncate(path, 5000)
    with pytest.raises(InvalidWeights, match="download it again"):
        read(path)


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match="convert"):
        read(write_legacy(tmp_path, package()))


def test_a_module_in_memory_is_a_checkpoint() -> None:
    module = small()
    (member,) = from_module(module).members
    assert member.parameters.segment == Fraction(39, 25)
    assert torch.equal(member.tensors["encoder.0.conv.weight"], module.state_dict()["encoder.0.conv.weight"])


def test_a_bag_in_memory_keeps_a_shortened_segment() -> None:
    models = BagOfModels([small(), small(seed=1)], None, 1.5)  # pyright: ignore
    assert [member.parameters.segment_frames for member in from_module(models).members] == [12000, 12000]


def test_a_legacy_checkpoint_is_converted_to_what_demucs_reads(tmp_path: Path) -> None:
    source, target = write_legacy(tmp_path, package()), tmp_path / "abcd1234.safetensors"
    convert(source, target)
    (member,) = read(target).members
    expected = small().state_dict()
    assert all(torch.equal(tensor, expected[name].half()) for name, tensor in member.tensors.items())
    assert member.parameters.segment == Fraction(39, 25)
    loaded = load_safetensors_model(target)
    assert torch.equal(
        loaded.state_dict()["freq_emb.embedding.weight"], expected["freq_emb.embedding.weight"].half()
    )


class Payload:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.path),))


def test_code_in_a_pickle_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    source = write_legacy(tmp_path, package(training_args=Payload(trap)))
    with pytest.raises(InvalidWeights, match="could not be converted"):
        convert(source, tmp_path / "out.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name]


@pytest.mark.long
@pytest.mark.parametrize(
    "changes",
    [
        {"klass": HDemucs},
        {"klass": "demucs.htdemucs.HTDemucs"},
        {"state": {"__quantized": True}},
        {"kwargs": {"x": {1, 2}}},
    ],
    ids=["another class", "a text", "quantised", "a set"],
)
def test_other_pickles_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    source = write_legacy(tmp_path, package(**changes))
    with pytest.raises(InvalidWeights, match="could not be converted"):
        convert(source, tmp_path / "out.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_the_hash_is_checked_before_anything_else(tmp_path: Path) -> None:
    source = write_legacy(tmp_path, package())
    with pytest.raises(InvalidWeights, match="has the hash"):
        convert(source, tmp_path / "out.safetensors", sha256="0" * 64)
    renamed = source.rename(tmp_path / "abcd1234-00000000.th")
    with pytest.raises(InvalidWeights, match="has the hash"):
        convert(renamed, tmp_path / "out.safetensors")
