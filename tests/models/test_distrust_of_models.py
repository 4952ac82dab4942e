"""What a model says of itself is judged wherever it is read, and what converts it is not made to grow."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import load_file, save_file
from separators import save_legacy, small
from support import importing
from unmix_models.catalogue import CATALOGUE, bounds, description
from unmix_models.catalogue.description import Description
from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs import bag_file, checkpoint, legacy
from unmix_models.weights import Weights, imported_model

GOOD: dict[str, Any] = {
    "stems": ["vocals", "other"],
    "sample_rate": 44100,
    "family": "htdemucs",
    "partition": True,
}


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path / "models")


def put(weights: Weights, name: str, text: str | bytes) -> Path:
    folder = weights.folder / name
    folder.mkdir(parents=True)
    path = folder / description.NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"stems": ["/srv/evil"]},
        {"stems": ["../x"]},
        {"stems": ["a", "a"]},
        {"stems": ["\ud800"]},
        {"stems": ["Vocals"]},
        {"stems": [""]},
        {"stems": ["a" * 41]},
        {"stems": [f"s{number}" for number in range(65)]},
        {"stems": []},
        {"stems": "vocals"},
        {"stems": {"vocals": 1}},
        {"stems": [1]},
        {"sample_rate": 1 << 40},
        {"sample_rate": 0},
        {"sample_rate": -44100},
        {"sample_rate": 44100.5},
        {"sample_rate": "44100"},
        {"sample_rate": True},
        {"sample_rate": float("nan")},
        {"sample_rate": float("inf")},
        {"sample_rate": 10**400},
        {"parameters": -1},
        {"parameters": 1 << 70},
        {"family": "yamnet"},
        {"family": "rnnoise"},
        {"family": "\ud800"},
        {"family": 5},
        {"partition": "no"},
    ],
    ids=lambda changes: ascii(changes)[:40],
)
def test_a_description_that_cannot_be_leaves_out_that_model_and_no_other(
    weights: Weights, changes: dict[str, Any]
) -> None:
    put(weights, "good", json.dumps(GOOD))
    put(weights, "bad", json.dumps({**GOOD, **changes}))
    assert set(weights.models()) == {*CATALOGUE, "good"}
    assert "good" in weights.installed()
    assert "bad" not in weights.installed()
    assert list(weights.left_out()) == ["bad"]
    reason = weights.left_out()["bad"]
    assert reason.endswith(".")
    assert len(reason) < 300
    assert reason.encode()
    assert reason.isprintable()


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"1" * 10_000, b" " * 70_000, b"null", b'"x"', b"[]"]
)
def test_a_description_that_is_none_is_left_out(weights: Weights, text: bytes) -> None:
    put(weights, "bad", text)
    assert list(weights.left_out()) == ["bad"]


def test_nobody_waits_for_a_description_that_has_no_end(weights: Weights) -> None:
    for name in ("pipe", "zero", "folder"):
        put(weights, name, "").unlink()
    os.mkfifo(weights.folder / "pipe" / description.NAME)
    (weights.folder / "zero" / description.NAME).symlink_to("/dev/zero")
    (weights.folder / "folder" / description.NAME).mkdir()
    assert set(weights.left_out()) == {"pipe", "zero", "folder"}


def test_a_network_of_the_catalogue_is_left_out_by_the_same_rule(weights: Weights) -> None:
    put(weights, "htdemucs", json.dumps({**GOOD, "sample_rate": 1 << 40}))
    assert "htdemucs" not in weights.installed()
    assert list(weights.left_out()) == ["htdemucs"]


def test_all_that_the_catalogue_says_is_within_the_bounds() -> None:
    for model in CATALOGUE.values():
        assert bounds.stems(model.stems, least=0) == model.stems
        assert model.sample_rate is None or bounds.integer("sample_rate", model.sample_rate)
        assert all(bounds.number("weight", weight) == weight for row in model.bag for weight in row)


def test_what_is_written_was_judged(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match="two stems alike"):
        Description(("a", "a"), 44100).write(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sources", ["/srv/evil"]),
        ("sources", ["a", "a"]),
        ("samplerate", 1 << 40),
        ("samplerate", "8000"),
        ("audio_channels", 0),
        ("audio_channels", 1000),
        ("segment", 1e9),
        ("segment", -1),
        ("nfft", 1 << 40),
        ("depth", 1000),
        ("t_layers", 10**9),
        ("t_heads", 0),
        ("t_max_period", 0),
        ("emb_scale", float("inf")),
        ("freq_emb", float("nan")),
        ("stride", 0),
        ("kernel_size", 10**30),
    ],
)
def test_a_checkpoint_that_says_what_cannot_be_is_refused(tmp_path: Path, name: str, value: object) -> None:
    path = written(tmp_path, **{name: value})
    with pytest.raises(InvalidWeights):
        checkpoint.read(path)


def written(folder: Path, **changes: object) -> Path:
    """A small checkpoint in safetensors, with changes to its hyper-parameters."""
    legacy.convert(save_legacy(folder, small()), folder / "one.safetensors")
    path = folder / "one.safetensors"
    with safetensors.safe_open(path, framework="pt") as opened:  # type: ignore[no-untyped-call]
        metadata = dict(opened.metadata())
    metadata["kwargs"] = json.dumps({**json.loads(metadata["kwargs"]), **changes})
    save_file(load_file(path), path, metadata)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nmodels: *b",
        "models: [one]\nsegment: .inf",
        "models: [one]\nsegment: -1",
        "models: [one]\nweights: [[.nan, 1]]",
        "models: [one]\nweights: [[-1, 1]]",
        "models: [one]\nweights: 5",
        "models: [one]\nweights: [5]",
        "models: " + "[" * 5000,
        "models: [" + "1" * 5000 + "]",
        "models: [2001-99-99]",
        "models: [one]\n" + "#" * 70_000,
        "models: [" + ", ".join("a" for _ in range(33)) + "]",
        'models: ["a\\nb"]',
        "models: ['..']\n? [x]\n: y",
        "!!python/object/apply:os.mkdir [/tmp/never]",
        "&a models: *a",
    ],
    ids=lambda text: text[:30],
)
def test_a_bag_that_cannot_be_is_refused_before_it_grows(tmp_path: Path, text: str) -> None:
    (tmp_path / "bag.yaml").write_text(text)
    with pytest.raises(InvalidWeights):
        bag_file.read(tmp_path / "bag.yaml")


@pytest.mark.skipif(os.name == "nt", reason="pipes with names are of POSIX")
def test_a_bag_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bag.yaml")
    with pytest.raises(InvalidWeights, match=r"^bag\.yaml is no file; install the model again\.$"):
        bag_file.read(tmp_path / "bag.yaml")


def test_a_bag_comes_back_as_it_was_written(tmp_path: Path) -> None:
    said = bag_file.BagFile(("a", "b"), ((1.0, 0.0), (0.5, 1.0)), 7.8)
    said.write(tmp_path / "bag.yaml")
    assert bag_file.read(tmp_path / "bag.yaml") == said


def legacy_file(folder: Path, state: object) -> Path:
    """A `.th` file with these tensors and honest words."""
    network = small()
    arguments, keywords = network._init_args_kwargs
    path = folder / "abcd1234.th"
    torch.save({"klass": HTDemucs, "args": arguments, "kwargs": keywords, "state": state}, path)
    return path


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": torch.zeros(1).expand(1 << 33)}, "larger than it is"),
        ({"a": torch.zeros(4).to_sparse()}, "something else"),
        ({"a": 5}, "something else"),
        ({5: torch.zeros(4)}, "something else"),
        ([], "no tensors by name"),
    ],
    ids=["a stride of zero", "sparse", "a number", "no name", "a list"],
)
def test_tensors_that_are_larger_than_their_file_are_not_unfolded(
    tmp_path: Path, state: object, message: str
) -> None:
    with pytest.raises(InvalidWeights, match=message):
        legacy.convert(legacy_file(tmp_path, state), tmp_path / "out.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["abcd1234.th"]


def test_a_compressed_checkpoint_is_not_unpacked(tmp_path: Path) -> None:
    plain = legacy_file(tmp_path, {"a": torch.zeros(1 << 20)})
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(tmp_path / "b.th", "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    with pytest.raises(InvalidWeights, match="unpacks to more than it is"):
        legacy.convert(tmp_path / "b.th", tmp_path / "out.safetensors")


@pytest.mark.long
def test_a_network_that_cannot_be_made_is_not_installed(weights: Weights, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    path = written(source)
    tensors = load_file(path)
    tensors["encoder.0.conv.weight"] = tensors["encoder.0.conv.weight"][:, :1].contiguous()
    del tensors["decoder.0.conv_tr.weight"]
    with_metadata(path, tensors)
    for each in source.glob("*.th"):
        each.unlink()
    with pytest.raises(InvalidWeights, match="'mine' was not installed"):
        weights.install(imported_model("mine"), source)
    assert not weights.folder.exists() or not list(weights.folder.iterdir())


def with_metadata(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    with safetensors.safe_open(path, framework="pt") as opened:  # type: ignore[no-untyped-call]
        metadata = dict(opened.metadata())
    save_file(tensors, path, metadata)


@pytest.mark.long
def test_of_mutated_models_none_raises_anything_but_invalid_weights_and_a_daemon_goes_on() -> None:
    """In a process of its own, which takes on the limits of a converter."""
    script = Path(__file__).parents[1] / "fuzz" / "models.py"
    command = [sys.executable, "-W", "ignore", str(script), "--runs", "500", "--imports", "6"]
    done = subprocess.run(command, capture_output=True, text=True, env=importing(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "500 files" in done.stdout
    assert "6 imports" in done.stdout
