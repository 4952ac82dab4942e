"""Where jobs are computed, behind one protocol (`base`): a module each, and a row in the table."""

from collections.abc import Callable, Mapping

from unmix_daemon.config import BadConfig, Config
from unmix_daemon.executors.base import Executor
from unmix_daemon.executors.local import LocalExecutor

EXECUTORS: Mapping[str, Callable[[Config], Executor]] = {"local": LocalExecutor}
"""By the name in the setting `executor`."""


def executor_of(config: Config) -> Executor:
    """The executor that the settings name. Raises BadConfig where there is none of that name."""
    if config.executor not in EXECUTORS:
        raise BadConfig(f"executor: there is no '{config.executor}'; there are: {', '.join(EXECUTORS)}")
    return EXECUTORS[config.executor](config)


__all__ = ["EXECUTORS", "executor_of"]
