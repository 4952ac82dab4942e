"""A pull installs all of a model or nothing, and goes on where the last one broke off."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from models.weights.examples import (
    GOOD,
    MODEL,
    Site,
    is_whole,
    left_by_a_broken_download,
    nothing_is_left,
    pull,
)
from unmix_models.errors import InvalidWeights
from unmix_models.weights import Weights
from unmix_models.weights import download as download_module
from unmix_models.weights.progress import PullProgress


def test_a_pull_installs_the_files_and_their_licence_and_leaves_nothing_else(
    weights: Weights, site: Site
) -> None:
    pull(weights, site.url)
    assert is_whole(weights)
    assert (weights.path(MODEL) / "LICENCE.txt").read_text("utf-8") == "CC0\n"
    assert sorted(path.name for path in weights.path(MODEL).iterdir()) == [
        "LICENCE.txt",
        "dec.onnx",
        "enc.onnx",
    ]
    assert [path.name for path in weights.folder.iterdir()] == ["tiny"]


def test_a_pull_tells_how_far_it_is(weights: Weights, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_PIECE", 10_000)
    steps = pull(weights, site.url)
    downloads = [step for step in steps if step.stage == "downloading"]
    assert [step.done_bytes for step in downloads] == sorted(step.done_bytes for step in downloads)
    assert len(downloads) == -(-len(GOOD) // 10_000)
    assert {step.total_bytes for step in steps} == {len(GOOD)}
    assert steps[-1] == PullProgress("verifying", len(GOOD), len(GOOD))


def test_a_pull_replaces_what_was_installed(weights: Weights, site: Site) -> None:
    old = weights.folder / "tiny"
    old.mkdir(parents=True)
    (old / "enc.onnx").write_bytes(b"old")
    (old / "stray").write_bytes(b"old")
    pull(weights, site.url)
    assert is_whole(weights)
    assert not (old / "stray").exists()


def test_a_folder_that_is_a_link_is_replaced_and_its_target_left_alone(
    weights: Weights, site: Site, tmp_path: Path
) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "enc.onnx").write_bytes(b"mine")
    weights.folder.mkdir()
    (weights.folder / "tiny").symlink_to(target)
    pull(weights, site.url)
    assert is_whole(weights)
    assert (target / "enc.onnx").read_bytes() == b"mine"


def test_a_broken_download_is_resumed_where_it_broke_off(weights: Weights, site: Site) -> None:
    site.breaks_after = 7000
    with pytest.raises(ConnectionError, match=f"broke off at 7000 of {len(GOOD)} bytes; pull again"):
        pull(weights, site.url)
    assert not is_whole(weights)
    site.breaks_after = None
    pull(weights, site.url)
    assert site.ranges == [None, "bytes=7000-"]
    assert is_whole(weights)


def test_a_server_that_cannot_resume_sends_everything_again(weights: Weights, site: Site) -> None:
    left_by_a_broken_download(weights, GOOD[:7000])
    site.resumes = False
    pull(weights, site.url)
    assert site.ranges == ["bytes=7000-"]
    assert is_whole(weights)


def test_a_download_that_was_complete_is_installed_without_another(weights: Weights, site: Site) -> None:
    left_by_a_broken_download(weights, GOOD)
    pull(weights, site.url)
    assert site.ranges == [f"bytes={len(GOOD)}-"]
    assert is_whole(weights)


def test_a_rest_of_another_file_is_noticed_and_costs_one_more_pull(weights: Weights, site: Site) -> None:
    left_by_a_broken_download(weights, b"x" * 7000)
    with pytest.raises(InvalidWeights, match="pull it again"):
        pull(weights, site.url)
    assert nothing_is_left(weights)
    pull(weights, site.url)
    assert is_whole(weights)


def test_a_length_that_is_not_told_is_no_obstacle(weights: Weights, site: Site) -> None:
    site.says_length = False
    steps = pull(weights, site.url)
    assert steps[0].total_bytes == 0
    assert is_whole(weights)


def test_a_download_that_ends_early_without_a_length_is_noticed(weights: Weights, site: Site) -> None:
    site.says_length, site.breaks_after = False, 7000
    with pytest.raises(InvalidWeights, match="pull it again"):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_a_pull_that_is_stopped_keeps_what_has_come(
    weights: Weights, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_PIECE", 1000)
    stopped = False
    steps = weights.pull(MODEL, site.url, lambda: stopped)
    assert next(steps).done_bytes == 1000
    stopped = True
    assert not list(steps)
    assert not is_whole(weights)
    pull(weights, site.url)
    assert site.ranges == [None, "bytes=1000-"]
    assert is_whole(weights)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_has_it_not_is_named_with_its_answer(weights: Weights, site: Site, status: int) -> None:
    site.status = status
    with pytest.raises(ConnectionError, match=f"{site.url} answered {status} .*; try again later"):
        pull(weights, site.url)
    assert nothing_is_left(weights)


def test_a_server_that_cannot_be_reached_is_named(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    with pytest.raises(ConnectionError, match=r"cannot be reached .* check the network"):
        pull(weights, f"http://127.0.0.1:{port}/x")


@pytest.mark.parametrize("url", ["http://", "http://[::1/x", "http://a b/", "http://127.0.0.1:99999999/"])
def test_an_address_that_is_none_cannot_be_reached(weights: Weights, url: str) -> None:
    with pytest.raises(ConnectionError, match="cannot be reached"):
        pull(weights, url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "/etc/passwd", "data:,x", ""])
def test_only_the_web_is_downloaded_from(weights: Weights, url: str) -> None:
    with pytest.raises(InvalidWeights, match="no http or https address"):
        pull(weights, url)
