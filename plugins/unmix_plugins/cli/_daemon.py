"""`unmix start` and `unmix stop`."""

from unmix.locations import state_folder

from unmix_plugins.cli._session import CLIENT_NAME, connect_if_running
from unmix_plugins.cli.shown.terminal import say
from unmix_plugins.client import Client
from unmix_plugins.daemon_process import stop_daemon
from unmix_plugins.errors import DaemonSilent, DaemonUnreachable


def start() -> None:
    """Start the daemon, if none runs."""
    started: list[bool] = []
    with Client.connect(client_name=CLIENT_NAME, on_start=lambda: started.append(True)) as client:
        daemon = client.status()
    verb = "is up" if started else "was up already"
    say(f"unmixd {daemon.version} {verb}: process {daemon.pid} at {' and '.join(daemon.addresses)}")


def stop() -> None:
    """Stop the daemon once what it works on is put away; durable jobs go on at its next start."""
    try:
        client = connect_if_running()
    except DaemonSilent:
        raise
    except DaemonUnreachable:
        say("No daemon runs.")
        return
    with client:
        pid = client.status().pid
        stop_daemon(state_folder(), pid, client.is_answered)
    say(f"unmixd, process {pid}, has ended.")
