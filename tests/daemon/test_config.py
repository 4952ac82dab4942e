"""Where settings come from, and which are refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from unmix_daemon.config import BadConfig, Config, default_file, read_config


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("UNMIX_STATE", "UNMIX_WEIGHTS", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_a_file_and_variables_the_defaults_hold(tmp_path: Path) -> None:
    config = read_config(None, {"PATH": "/bin", "HOME": "/"})
    assert config == Config()
    assert (config.listen, config.unix_socket) == ("", True)
    assert config.keep_alive == 300.0
    assert config.queue_limit == 512
    assert config.memory_budget > 0
    assert tmp_path in config.state_folder.parents
    assert tmp_path in config.weights_folder.parents


def test_the_folders_of_the_environment_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMIX_STATE", "/some/state")
    monkeypatch.setenv("UNMIX_WEIGHTS", "/some/weights")
    config = read_config(None, {})
    assert (config.state_folder, config.weights_folder) == (Path("/some/state"), Path("/some/weights"))


def test_a_file_replaces_defaults_and_variables_replace_the_file(tmp_path: Path) -> None:
    path = toml(tmp_path, 'keep_alive = -1\nthreads = 2\nunix_socket = false\nlisten = "[::1]:0"\n')
    config = read_config(path, {"UNMIXD_THREADS": "3", "UNMIXD_LOG_LEVEL": "debug"})
    assert (config.keep_alive, config.threads, config.unix_socket) == (-1.0, 3, False)
    assert (config.listen, config.log_level) == ("[::1]:0", "debug")


def test_the_default_file_is_read_where_there_is_one() -> None:
    default_file().parent.mkdir(parents=True)
    default_file().write_text("queue_limit = 7\n", "utf-8")
    assert read_config(None, {}).queue_limit == 7


def test_a_file_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"absent.toml does not exist; name another file"):
        read_config(tmp_path / "absent.toml", {})


@pytest.mark.parametrize("text", ["keep_alive = x", "= 1", "[[["])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig, match=r"settings.toml cannot be read: .* line 1"):
        read_config(toml(tmp_path, text), {})


def test_a_file_that_is_no_text_or_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "binary.toml", tmp_path):
        with pytest.raises(BadConfig, match=f"{path} cannot be read"):
            read_config(path, {})


def test_an_unknown_name_in_the_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"no setting 'keepalive' .* settings are: .*keep_alive"):
        read_config(toml(tmp_path, "keepalive = 3\n"), {})
    with pytest.raises(BadConfig, match="no setting 'server'"):
        read_config(toml(tmp_path, "[server]\nlisten = 1\n"), {})


def test_an_unknown_variable_is_refused_by_name() -> None:
    with pytest.raises(BadConfig, match=r"no setting 'keepalive' .*UNMIXD_KEEPALIVE"):
        read_config(None, {"UNMIXD_KEEPALIVE": "3"})


@pytest.mark.parametrize(
    "listen", ["127.0.0.1:50151", "127.8.7.6:1", "localhost:0", "[::1]:65535", "127.0.0.1:0"]
)
def test_loopback_addresses_are_taken(listen: str) -> None:
    assert read_config(None, {"UNMIXD_LISTEN": listen}).listen == listen


@pytest.mark.parametrize(
    "listen",
    ["0.0.0.0:50151", "192.168.1.2:50151", "[::]:50151", "example.org:80", ":50151", "*:1"],
)
def test_every_other_address_is_refused(listen: str) -> None:
    with pytest.raises(
        BadConfig, match=r"^listen: .* is not a loopback address; unmixd serves this machine only"
    ):
        read_config(None, {"UNMIXD_LISTEN": listen})


@pytest.mark.parametrize(
    "listen",
    ["127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:²", "127.0.0.1:٥٠", " "],
)
def test_an_address_without_a_port_is_shown_how_one_looks(listen: str) -> None:
    with pytest.raises(BadConfig, match=r"^listen: needs the form ADDRESS:PORT, such as 127.0.0.1:50151"):
        read_config(None, {"UNMIXD_LISTEN": listen})


@pytest.mark.parametrize("listen", ["::1:50151", "[localhost]:1", "[127.0.0.1]:0", "127.0.0.1]:0", "[::1:0"])
def test_an_ipv6_address_and_no_other_needs_its_brackets(listen: str) -> None:
    with pytest.raises(BadConfig, match=r"^listen: needs brackets .* such as \[::1\]:50151"):
        read_config(None, {"UNMIXD_LISTEN": listen})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keep_alive", "long"),
        ("keep_alive", "nan"),
        ("keep_alive", "inf"),
        ("memory_budget", "0"),
        ("memory_budget", "8GB"),
        ("threads", "-1"),
        ("queue_limit", "0"),
        ("max_upload_bytes", "0"),
        ("retention", "-1"),
        ("retention", "nan"),
        ("drain", "-0.1"),
        ("max_crashes", "0"),
        ("log_level", "loud"),
        ("unix_socket", "perhaps"),
        ("state_folder", "~nobody-of-this-name/unmix"),
    ],
)
def test_a_wrong_value_names_its_setting(name: str, value: str) -> None:
    with pytest.raises(BadConfig, match=f"^{name}: "):
        read_config(None, {f"UNMIXD_{name.upper()}": value})


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(BadConfig, match=r"threads: .*; drain: "):
        read_config(None, {"UNMIXD_THREADS": "x", "UNMIXD_DRAIN": "x"})


def test_folders_do_not_depend_on_where_the_daemon_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = read_config(toml(tmp_path, 'state_folder = "~/state"\nweights_folder = "weights"\n'), {})
    assert config.state_folder == tmp_path / "state"
    assert config.weights_folder == tmp_path / "weights"
    monkeypatch.setenv("UNMIX_STATE", "from/the/environment")
    assert read_config(None, {}).state_folder == tmp_path / "from/the/environment"


def test_a_configuration_does_not_change() -> None:
    config = Config()
    with pytest.raises(ValidationError):
        config.threads = 3


@pytest.mark.parametrize(
    ("setting", "said"),
    [("threads = -1", "threads: "), ("executor = 'moon'", "executor: there is no 'moon'; there are: local")],
)
def test_a_wrong_setting_ends_the_daemon_with_one_sentence(tmp_path: Path, setting: str, said: str) -> None:
    settings = toml(tmp_path, f"{setting}\nstate_folder = '{tmp_path}'\n")
    command = [sys.executable, "-m", "unmix_daemon", "run", "--config", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"unmixd: {said}")
    assert len(ended.stderr.splitlines()) == 1


def test_a_daemon_that_nobody_could_reach_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadConfig, match=r"^unix_socket: .*nobody could reach .* or set listen, such as 127"):
        read_config(None, {"UNMIXD_UNIX_SOCKET": "false"})
    assert not read_config(None, {"UNMIXD_UNIX_SOCKET": "false", "UNMIXD_LISTEN": "[::1]:0"}).unix_socket
