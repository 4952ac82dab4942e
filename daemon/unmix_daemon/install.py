"""`unmixd install`: the daemon starts at every login of its user."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from unmix import children
from unmix.locations import GAVE_WAY
from unmix.user_service import NoServicesError, ServiceError, UserService, own_variables

_SPARE_SECONDS = 15
_NOTHING: Mapping[str, str] = MappingProxyType({})


class InstallError(Exception):
    """The service cannot be installed; the message says what to do."""


def install(
    config: Path | None, *, start: bool, drain: float = 30.0, environment: Mapping[str, str] = _NOTHING
) -> Iterator[str]:
    """Write the service file and, with `start`, start it; yield what was done.

    `drain` is the setting of this name: the service manager must wait longer. The service sees those variables of
    `environment` that are unmix's own. Raises InstallError.
    """
    yield from _explained(daemon_service(config, drain=drain, environment=environment).install(start=start))


def uninstall() -> Iterator[str]:
    """Stop the service and remove its file; yield what was done. Raises InstallError."""
    yield from _explained(daemon_service(None).uninstall())


def daemon_service(
    config: Path | None, *, drain: float = 30.0, environment: Mapping[str, str] = _NOTHING
) -> UserService:
    """The daemon of this very installation, as a service."""
    return UserService(
        unit="unmixd",
        label="org.unmix.unmixd",
        description="unmix audio daemon",
        command=children.command("unmix_daemon", "run", *(("--config", config.resolve()) if config else ())),
        environment=own_variables(environment),
        stop_seconds=math.ceil(drain) + _SPARE_SECONDS,
        unit_options=(
            f"WorkingDirectory={children.FOLDER}",
            f"RestartPreventExitStatus={GAVE_WAY}",
            "RestartSec=1",
            "KillMode=mixed",
        ),
        agent_options={"WorkingDirectory": children.FOLDER},
    )


def _explained(steps: Iterator[str]) -> Iterator[str]:
    try:
        yield from steps
    except NoServicesError as error:
        raise InstallError(f"{error} Start `unmixd run` at login instead.") from error
    except ServiceError as error:
        raise InstallError(str(error)) from error
