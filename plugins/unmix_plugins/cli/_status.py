"""`unmix status`."""

from datetime import UTC, datetime

from unmix.words import DaemonStatus, DeviceStatus, Model

from unmix_plugins.cli._parameters import AsJson
from unmix_plugins.cli._session import connect_if_running
from unmix_plugins.cli.shown.terminal import say, say_json, say_table, to_json
from unmix_plugins.cli.shown.wording import moment_text, seconds_text, size_text


def status(*, as_json: AsJson = False) -> None:
    """Show what the daemon does: queue, devices, and models in memory."""
    with connect_if_running() as client:
        daemon = client.status()
        models = [model for model in client.models.list() if model.residency]
    if as_json:
        say_json(to_json(daemon) | {"resident_models": models})
        return
    say(_daemon_text(daemon))
    say(
        f"{daemon.processing_jobs} running, {daemon.pending_jobs} waiting of at most {daemon.queue_limit},"
        f" {daemon.receiving_jobs} being sent;"
        f" models stay {_keep_alive_text(daemon.keep_alive)}"
    )
    for why in daemon.waits_for:
        say(f"Jobs wait: {why}.")
    say_table(["DEVICE", "IS", "WORKER", "MEMORY"], [_device_row(device) for device in daemon.devices])
    if models:
        say_table(["MODEL", "ON", "MEMORY", "UNTIL"], _resident_rows(models))
    else:
        say("No model is in memory.")


def _daemon_text(daemon: DaemonStatus) -> str:
    parts = [f"unmixd {daemon.version}", f"process {daemon.pid}", size_text(daemon.memory_bytes)]
    if daemon.start_time is not None:
        parts.append(f"up {seconds_text(max(0.0, (datetime.now(UTC) - daemon.start_time).total_seconds()))}")
    return f"{', '.join(parts)}, at {' and '.join(daemon.addresses)}"


def _keep_alive_text(seconds: float) -> str:
    if seconds < 0:
        return "until unloaded"
    return f"for {seconds_text(seconds)}" if seconds else "no longer than their job"


def _device_row(device: DeviceStatus) -> list[str]:
    what = device.description if device.available else f"not available: {device.reason or 'no reason given'}"
    worker = str(device.worker_pid) if device.worker_pid else "none"
    if device.crashes:
        worker += f" ({device.crashes} died)"
    if device.stalled_seconds:
        worker += f", stalled for {seconds_text(device.stalled_seconds)}"
    memory = size_text(device.memory_bytes)
    if device.memory_budget_bytes:
        memory += f" of {size_text(device.memory_budget_bytes)}"
    return [device.name, what, worker, memory if device.available else ""]


def _resident_rows(models: list[Model]) -> list[list[str]]:
    return [
        [
            model.name,
            resident.device,
            size_text(resident.memory_bytes),
            "in use" if resident.busy else moment_text(resident.expire_time) or "unloaded",
        ]
        for model in models
        for resident in model.residency
    ]
