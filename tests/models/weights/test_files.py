"""Files that are pulled one by one, each from its address, are checked before anything opens them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from models.weights.examples import MODEL, SMALL, Site
from unmix_models.catalogue import Model, WeightFile
from unmix_models.errors import InvalidWeights
from unmix_models.weights import Weights


@pytest.fixture
def network(tmp_path: Path, site: Site) -> Model:
    """An entry for a small network that the site serves as demucs' own server does its checkpoints."""
    from separators import STEMS, save_legacy, small  # noqa: PLC0415  # PyTorch, which the other tests do not need

    checkpoint = save_legacy(tmp_path, small())
    site.content = checkpoint.read_bytes()
    file = WeightFile(checkpoint.name, len(site.content), hashlib.sha256(site.content).hexdigest())
    return replace(
        MODEL,
        name="net",
        task="separate",
        stems=STEMS,
        family="htdemucs",
        url=f"{site.url.rpartition('/')[0]}/",
        files=(file,),
    )


@pytest.mark.long
def test_a_network_is_pulled_where_it_broke_off_and_can_be_loaded(
    weights: Weights, site: Site, network: Model
) -> None:
    from unmix_models.loading import load  # noqa: PLC0415  # as above
    from unmix_models.machine import Machine  # noqa: PLC0415

    site.breaks_after = len(site.content) // 2
    with pytest.raises(ConnectionError, match="pull again"):
        list(weights.pull(network, network.url))
    site.breaks_after = None
    steps = list(weights.pull(network, network.url))
    assert site.ranges == [None, f"bytes={len(site.content) // 2}-"]
    assert (steps[-1].stage, steps[-1].done_bytes) == ("verifying", len(site.content))
    assert load(network, weights, Machine("cpu", 1)).stems == network.stems
    assert (weights.path(network) / "LICENCE.txt").read_text("utf-8") == f"{network.licence}\n"
    assert sorted(path.name for path in weights.folder.iterdir()) == ["net"]


def test_a_checkpoint_that_is_not_the_catalogues_is_never_opened(
    weights: Weights, site: Site, network: Model
) -> None:
    site.content = b"\0" + site.content[1:]
    with pytest.raises(InvalidWeights, match="is not the file that the catalogue names"):
        list(weights.pull(network, network.url))
    assert list(weights.folder.iterdir()) == []


def test_a_file_with_an_address_of_its_own_is_pulled_from_there(weights: Weights, site: Site) -> None:
    site.content = b"weights"
    model = replace(SMALL, files=(replace(SMALL.files[0], url=f"{site.url}?elsewhere"),))
    asked: list[str] = []

    def mirrored(address: str) -> str:
        asked.append(address)
        return site.url

    list(weights.pull(model, "", mirrored=mirrored))
    assert asked == [f"{site.url}?elsewhere"]
    assert (weights.path(model) / "enc.onnx").read_bytes() == b"weights"
    assert [path.name for path in weights.folder.iterdir()] == ["small"]


def test_files_of_a_folder_are_pulled_one_by_one_and_checked(weights: Weights, site: Site) -> None:
    site.content = b"weights"
    model = replace(SMALL, url=f"{site.url.rpartition('/')[0]}/")
    assert [step.stage for step in weights.pull(model, model.url)] == ["downloading", "verifying"]
    assert (weights.path(model) / "enc.onnx").read_bytes() == b"weights"
    site.content = b"weighty"
    with pytest.raises(InvalidWeights, match=r"enc.onnx is not the file that the catalogue names"):
        list(weights.pull(model, model.url))
    assert (weights.path(model) / "enc.onnx").read_bytes() == b"weights"
