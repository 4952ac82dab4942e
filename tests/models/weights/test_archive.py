"""What is never taken for a model's weights: archives that are damaged, hostile or of something else."""

import gzip
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models.weights.examples import (
    DECODER,
    ENCODER,
    GOOD,
    MODEL,
    SMALL,
    SMALL_TAR,
    Site,
    archive,
    is_whole,
    link,
    nothing_is_left,
    pull,
)
from unmix_models.errors import InvalidWeights
from unmix_models.weights import Weights
from unmix_models.weights import archive as archive_module
from unmix_models.weights import download as download_module


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive(("enc.onnx", ENCODER[::-1]), ("dec.onnx", DECODER)), "enc.onnx is not the file"),
        (archive(("enc.onnx", ENCODER[:-1]), ("dec.onnx", DECODER)), "enc.onnx is not the file"),
        (archive(("enc.onnx", ENCODER), ("dec.onnx", DECODER + b"x")), "dec.onnx is not the file"),
        (archive(("enc.onnx", ENCODER)), "lacks dec.onnx"),
        (archive(), "lacks enc.onnx, dec.onnx"),
        (archive(("enc.onnx", ENCODER), link("dec.onnx", tarfile.SYMTYPE, "/etc/passwd")), "lacks dec.onnx"),
        (archive(("enc.onnx", ENCODER), link("dec.onnx", tarfile.LNKTYPE, "enc.onnx")), "lacks dec.onnx"),
        (archive(("enc.onnx", ENCODER), link("dec.onnx", tarfile.DIRTYPE, "")), "lacks dec.onnx"),
        (archive(("enc.onnx", ENCODER), link("dec.onnx", tarfile.FIFOTYPE, "")), "lacks dec.onnx"),
        (b"<html>Not here</html>", "no readable archive"),
        (gzip.compress(b"no tar"), "no readable archive"),
        (GOOD[: len(GOOD) // 2], "no readable archive"),
        (GOOD[:-5000] + bytes(5000), "no readable archive|is not the file"),
        (b"\x1f\x8b", "no readable archive"),
    ],
    ids=[
        "other bytes",
        "too short",
        "too long",
        "a file missing",
        "no files",
        "a symbolic link",
        "a hard link",
        "a folder",
        "a pipe",
        "a web page",
        "no tar",
        "half of it",
        "damaged",
        "two bytes",
    ],
)
def test_an_archive_that_is_not_the_models_installs_nothing(
    weights: Weights, site: Site, content: bytes, message: str
) -> None:
    site.content = content
    with pytest.raises(InvalidWeights, match=message):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_what_was_installed_outlives_a_pull_that_fails(weights: Weights, site: Site) -> None:
    pull(weights, site.url)
    site.content = archive(("enc.onnx", ENCODER))
    with pytest.raises(InvalidWeights):
        pull(weights, site.url)
    assert is_whole(weights)


def test_an_empty_answer_is_no_archive(weights: Weights, site: Site) -> None:
    site.content = b""
    with pytest.raises(InvalidWeights):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_members_cannot_choose_where_they_land(weights: Weights, site: Site, tmp_path: Path) -> None:
    site.content = archive(
        ("../../enc.onnx", ENCODER),
        (str(tmp_path / "dec.onnx"), DECODER),
        ("../../evil", b"x"),
        (str(tmp_path / "evil"), b"x"),
        link("tiny", tarfile.SYMTYPE, str(tmp_path)),
    )
    pull(weights, site.url)
    assert is_whole(weights)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    assert [path.name for path in weights.folder.iterdir()] == ["tiny"]


def test_the_first_member_of_a_name_counts(weights: Weights, site: Site) -> None:
    site.content = archive(("enc.onnx", ENCODER), ("dec.onnx", DECODER), ("x/enc.onnx", b"another"))
    pull(weights, site.url)
    assert is_whole(weights)


def test_an_archive_that_unpacks_to_anything_is_left_alone(
    weights: Weights, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_SPARE_BYTES", 1 << 20)
    site.content = archive(("bomb", bytes(20 << 20)), ("enc.onnx", ENCODER), ("dec.onnx", DECODER), level=9)
    assert len(site.content) < len(ENCODER)
    with pytest.raises(InvalidWeights, match="unpacks to far more"):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_a_member_that_claims_a_size_beyond_the_archive_is_harmless(weights: Weights, site: Site) -> None:
    info = tarfile.TarInfo("enc.onnx")
    info.size = 1 << 62
    site.content = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(InvalidWeights):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_a_server_that_never_stops_is_left(
    weights: Weights, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_SPARE_BYTES", 0)
    monkeypatch.setattr(download_module, "_PIECE", 100_000)
    site.content = bytes(2 * MODEL.download_bytes + 200_000)
    with pytest.raises(InvalidWeights, match="far more than the model's files"):
        pull(weights, site.url)
    assert nothing_is_left(weights)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.integers(0, 2047), st.integers(0, 255), max_size=4),
    cut=st.one_of(st.none(), st.integers(0, 4096)),
    mend=st.booleans(),
)
def test_a_damaged_archive_is_refused_or_harmless(
    weights: Weights, site: Site, changes: dict[int, int], cut: int | None, mend: bool
) -> None:
    tar = bytearray(SMALL_TAR)
    for at, value in changes.items():
        tar[at] = value
    for header in (0, 1024) if mend else ():  # without a right checksum nothing else of a header is looked at
        tar[header + 148 : header + 156] = b" " * 8
        tar[header + 148 : header + 155] = b"%06o\0" % sum(tar[header : header + 512])
    site.content = gzip.compress(bytes(tar[:cut]), 1)
    try:
        list(weights.pull(SMALL, site.url))
    except InvalidWeights:
        assert not list(weights.folder.glob("[!s]*"))
    else:
        assert (weights.path(SMALL) / "enc.onnx").read_bytes() == b"weights"
