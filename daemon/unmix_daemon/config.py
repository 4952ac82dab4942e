"""The daemon's settings: defaults, then a TOML file, then `UNMIXD_…` variables. Unknown names are refused."""

import ipaddress
import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from unmix.locations import state_folder

_PREFIX = "UNMIXD_"


class BadConfig(Exception):
    """A setting is wrong; the message names it and where it was set."""


def _weights_folder() -> Path:
    named = os.environ.get("UNMIX_WEIGHTS")
    return Path(named).expanduser() if named else platformdirs.user_data_path("unmix") / "models"


def _half_of_memory() -> int:
    import psutil  # noqa: PLC0415  # only when the default is wanted

    return psutil.virtual_memory().total // 2


class Config(BaseModel):
    """All settings; frozen. Sizes in bytes, times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    state_folder: Path = Field(default_factory=state_folder)
    """Token, database, jobs, socket."""
    weights_folder: Path = Field(default_factory=_weights_folder)
    """Installed models, one folder each."""
    listen: str = ""
    """Loopback address and port for TCP with TLS; port 0 takes a free one. Empty: no TCP, but on Windows."""
    unix_socket: bool = True
    """Listen on `unmixd.sock` in the state folder; Windows has no such sockets for gRPC."""
    keep_alive: Annotated[float, Field(allow_inf_nan=False)] = 300.0
    """How long a model stays loaded after its last use; 0: not at all, negative: for ever."""
    memory_budget: Annotated[int, Field(gt=0)] = Field(default_factory=_half_of_memory)
    """Most bytes that resident models may hold on one device."""
    threads: Annotated[int, Field(ge=0)] = 0
    """Most threads of one model on a CPU; 0: all cores. A model that gains nothing by more uses one."""
    precision: Annotated[str, Field(pattern="^(auto|float32|bfloat16|float16)$")] = "auto"
    """Arithmetic of separation networks; auto: the fastest that a probe finds to be exact enough."""
    batch: Annotated[int, Field(ge=0)] = 0
    """Jobs of one priority that a device runs at once; their segments share batches. 0: 8 on a GPU, 1 on a CPU."""
    queue_limit: Annotated[int, Field(gt=0)] = 512
    """Jobs that may wait; more are refused with a retry delay."""
    max_upload_bytes: Annotated[int, Field(gt=0)] = 64 << 30
    disk_reserve: Annotated[int, Field(ge=-1)] = -1
    """Bytes of the state folder's disk that uploads and results leave free; -1: 2 % of it, and at most 1 GiB."""
    longest: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Most seconds of sound in one recording, decoded; 0: no limit."""
    retention: Annotated[float, Field(ge=0)] = 24 * 3600.0
    """How long finished jobs and their files are kept, in seconds in which a daemon runs and is awake."""
    drain: Annotated[float, Field(ge=0)] = 30.0
    """How long running jobs may go on after SIGTERM."""
    stall: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600.0
    """How long a worker may take for one step, such as a segment or the loading of a model, before it is replaced; ten
    times its longest step so far where that is more."""
    max_crashes: Annotated[int, Field(gt=0)] = 3
    """How many workers a job may bring down before it fails."""
    executor: str = "local"
    """Where jobs are computed: `local`, in worker processes of this machine."""
    bundled_models: bool = True
    """Take in models that lie in installed packages, such as DeepFilterNet3 in the extra `voice`."""
    mirror: str = ""
    """A URL that replaces the scheme and host of model downloads."""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"

    def reserve(self) -> int:
        """`disk_reserve` in bytes, once the state folder is there."""
        if self.disk_reserve >= 0:
            return self.disk_reserve
        return min(1 << 30, shutil.disk_usage(self.state_folder).total // 50)

    @field_validator("state_folder", "weights_folder")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"'{value}' names the home of a user that does not exist") from error

    @field_validator("listen")
    @classmethod
    def _only_loopback(cls, value: str) -> str:
        if not value:
            return value
        host, colon, port = value.rpartition(":")
        if not (colon and port.isascii() and port.isdecimal() and int(port) <= 65535):
            raise ValueError("needs the form ADDRESS:PORT, such as 127.0.0.1:50151")
        bare = host.removeprefix("[").removesuffix("]")
        if host != (f"[{bare}]" if ":" in bare else bare):
            raise ValueError("needs brackets around an IPv6 address, and only there, such as [::1]:50151")
        try:
            loopback = host == "localhost" or ipaddress.ip_address(bare).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ValueError(f"'{host}' is not a loopback address; unmixd serves this machine only")
        return value

    @field_validator("unix_socket")
    @classmethod
    def _somewhere(cls, value: bool, info: ValidationInfo) -> bool:  # pydantic's way
        if not value and info.data.get("listen") == "":
            raise ValueError(
                "without it and without TCP nobody could reach the daemon; leave it true, or set listen, such as"
                " 127.0.0.1:50151"
            )
        return value


def read_config(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Build the configuration. `path` None: the default file if it exists.

    Raises BadConfig when a file cannot be read, a name is unknown or a value is wrong.
    """
    settings = _from_file(path)
    for name, value in environment.items():
        if name.startswith(_PREFIX):
            settings[name.removeprefix(_PREFIX).lower()] = value
    try:
        return Config(**settings)
    except ValidationError as error:
        raise BadConfig("; ".join(_sentence(dict(problem)) for problem in error.errors())) from error


def default_file() -> Path:
    """Where the configuration is looked for."""
    return platformdirs.user_config_path("unmix") / "unmixd.toml"


def _from_file(path: Path | None) -> dict[str, Any]:
    chosen = path or default_file()
    try:
        return tomllib.loads(chosen.read_text("utf-8"))
    except FileNotFoundError as error:
        if path is None:
            return {}
        raise BadConfig(f"{path} does not exist; name another file or leave --config out.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{chosen} cannot be read: {error}.") from error


def _sentence(problem: dict[str, Any]) -> str:
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        known = ", ".join(sorted(Config.model_fields))
        return (
            f"There is no setting '{name}' (in the file, or {_PREFIX}{name.upper()}); settings are: {known}"
        )
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"
