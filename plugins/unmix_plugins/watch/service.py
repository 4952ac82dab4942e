"""`unmix watch install`: the watcher starts at every login of its user."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from unmix import children
from unmix.user_service import NoServicesError, ServiceError, UserService, own_variables

from unmix_plugins.errors import NotSupported, OutputError
from unmix_plugins.watch.config.file import read_config

_STOP_SECONDS = 60


def install(
    config: Path, *, start: bool = True, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Write the service file for `config` and, with `start`, start it; yield what was done and what comes next.

    A second time it writes the same, and starts the service anew. The service sees those variables of `environment`
    that are unmix's own. Raises ConfigError, OutputError, or NotSupported where there is no such service.
    """
    read_config(config, environment)
    service = watch_service(config.absolute(), environment)
    yield from _explained(service, service.install(start=start))
    yield f"To read what it says: {service.log_command()}"
    if sys.platform == "linux":
        yield "To have it run while nobody is logged in: loginctl enable-linger"


def uninstall() -> Iterator[str]:
    """Stop the service and remove its file; yield what was done. Raises OutputError or NotSupported."""
    service = watch_service(Path("watch.toml"), {})
    yield from _explained(service, service.uninstall())


def watch_service(config: Path, environment: Mapping[str, str]) -> UserService:
    """The watcher of this very installation, as a service.

    A daemon that the watcher has started belongs to its unit, or to its agent, as well. It is left alive when the
    watcher is stopped, as others may use it.
    """
    return UserService(
        unit="unmix-watch",
        label="org.unmix.watch",
        description="unmix watched folders",
        command=[*children.program("unmix", "unmix_plugins.cli"), "watch", "--config", str(config)],
        environment=own_variables(environment),
        stop_seconds=_STOP_SECONDS,
        after="unmixd.service",
        unit_options=("RestartSec=5", "KillMode=process"),
        agent_options={"AbandonProcessGroup": True},
    )


def _explained(service: UserService, steps: Iterator[str]) -> Iterator[str]:
    try:
        yield from steps
    except NoServicesError as error:
        line = subprocess.list2cmdline([subprocess.list2cmdline(service.command)])
        raise NotSupported(
            f"{error} Make a task that runs at logon, with `schtasks /Create /TN unmix-watch /SC ONLOGON /TR {line}`."
        ) from error
    except ServiceError as error:
        raise OutputError(str(error)) from error
