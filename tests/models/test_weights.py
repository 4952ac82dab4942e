"""How weight files get onto the disk, and what is never taken for them."""

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unmix_models.catalogue import CATALOGUE, Model, WeightFile
from unmix_models.errors import InvalidWeights, ModelMissing
from unmix_models.weights import Weights
from unmix_models.weights import archive as archive_module
from unmix_models.weights import download as download_module
from unmix_models.weights.progress import PullProgress

ENCODER = bytes(range(256)) * 4000
DECODER = hashlib.sha256(b"decoder").digest() * 30_000


def weight_file(name: str, content: bytes) -> WeightFile:
    return WeightFile(name, len(content), hashlib.sha256(content).hexdigest())


MODEL = Model(
    name="tiny",
    family="deepfilternet3",
    task="denoise",
    description="Two files.",
    licence="CC0",
    stems=("clean", "noise"),
    sample_rate=48_000,
    url="https://example.org/tiny.tar.gz",
    files=(weight_file("enc.onnx", ENCODER), weight_file("dec.onnx", DECODER)),
)


def archive(*members: tuple[str, bytes] | tarfile.TarInfo, level: int = 1) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=level) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return file.getvalue()


GOOD = archive(("tmp/export/enc.onnx", ENCODER), ("tmp/export/dec.onnx", DECODER), ("config.ini", b"[x]"))


def link(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@dataclass
class Site:
    """A server on this machine with one file, and faults on demand."""

    content: bytes
    url: str = ""
    resumes: bool = True
    breaks_after: int | None = None
    """Bytes of the body after which the connection is closed."""
    says_length: bool = True
    status: int | None = None
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    here = Site(GOOD)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            here.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and here.resumes else 0
            if here.status or (start and start >= len(here.content)):
                self.send_error(here.status or 416)
                return
            body = here.content[start:]
            self.send_response(206 if start else 200)
            if here.says_length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: here.breaks_after])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_port}/tiny.tar.gz"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        server.shutdown()
        thread.join()


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path / "models")


def pull(weights: Weights, url: str) -> list[PullProgress]:
    return list(weights.pull(MODEL, url))


def is_whole(weights: Weights) -> bool:
    try:
        folder = weights.path(MODEL)
    except ModelMissing:
        return False
    return (folder / "enc.onnx").read_bytes() == ENCODER and (folder / "dec.onnx").read_bytes() == DECODER


def nothing_is_left(weights: Weights) -> bool:
    return not list(weights.folder.iterdir())


def left_by_a_broken_download(weights: Weights, content: bytes) -> None:
    weights.folder.mkdir()
    (weights.folder / ".tiny.tar.gz.part").write_bytes(content)


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


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def a_folder_with(tmp_path: Path, **files: bytes) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return folder


def test_a_model_is_installed_from_a_folder(weights: Weights, tmp_path: Path) -> None:
    weights.install(MODEL, a_folder_with(tmp_path, enc=ENCODER, dec=DECODER, other=b"x"))
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "other.onnx").exists()


def test_files_that_are_links_are_copied(weights: Weights, tmp_path: Path) -> None:
    source = a_folder_with(tmp_path, real=ENCODER, dec=DECODER)
    (source / "enc.onnx").symlink_to(source / "real.onnx")
    weights.install(MODEL, source)
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "enc.onnx").is_symlink()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"enc": ENCODER}, "dec.onnx is missing; 'tiny' needs: enc.onnx, dec.onnx"),
        ({"enc": ENCODER, "dec": DECODER[1:]}, "dec.onnx is not the file that the catalogue names"),
        ({"enc": ENCODER, "dec": b""}, "dec.onnx is not the file that the catalogue names"),
    ],
)
def test_a_folder_without_the_models_files_installs_nothing(
    weights: Weights, tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    with pytest.raises(InvalidWeights, match=message):
        weights.install(MODEL, a_folder_with(tmp_path, **files))
    assert nothing_is_left(weights)


def test_what_a_killed_installation_left_is_no_obstacle(weights: Weights, site: Site) -> None:
    half = weights.folder / ".tiny.part"
    half.mkdir(parents=True)
    (half / "enc.onnx").write_bytes(ENCODER[:100])
    (half / "stray").write_bytes(b"x")
    pull(weights, site.url)
    assert is_whole(weights)
    assert not (weights.path(MODEL) / "stray").exists()


def test_a_folder_of_another_size_is_not_installed(weights: Weights) -> None:
    model = CATALOGUE["deepfilternet3"]
    folder = weights.folder / model.name
    folder.mkdir(parents=True)
    assert weights.installed() == SHIPPED
    for file in model.files:
        with (folder / file.name).open("wb") as sparse:
            sparse.truncate(file.size)
    assert weights.installed() == SHIPPED | {model.name}
    with (folder / model.files[-1].name).open("ab") as sparse:
        sparse.write(b"x")
    assert weights.installed() == SHIPPED
    with pytest.raises(ModelMissing) as caught:
        weights.path(model)
    assert caught.value.facts == {"model": "deepfilternet3"}


def test_without_a_folder_what_needs_no_files_is_installed(tmp_path: Path) -> None:
    assert Weights(tmp_path / "absent").installed() == SHIPPED


SHIPPED = {model.name for model in CATALOGUE.values() if not model.files}

SMALL = Model(
    name="small",
    family="deepfilternet3",
    task="denoise",
    description="One file.",
    licence="CC0",
    stems=("clean",),
    sample_rate=None,
    files=(weight_file("enc.onnx", b"weights"),),
)
SMALL_TAR = gzip.decompress(archive(("a/config.ini", b"[x]"), ("a/enc.onnx", b"weights")))


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
