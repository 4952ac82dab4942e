"""How each task is done: one module each, and a row in the table."""

from collections.abc import Callable, Mapping

from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.task import TaskWork
from unmix_daemon.worker.tasks.denoise import DenoiseWork
from unmix_daemon.worker.tasks.separate import SeparateWork

TASKS: Mapping[str, Callable[[Run], TaskWork]] = {"denoise": DenoiseWork, "separate": SeparateWork}
"""By the kind of task, as in `unmix.words.TASKS`."""

__all__ = ["TASKS"]
