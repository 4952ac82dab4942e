"""The command's connection to the daemon."""

from unmix_plugins.cli.shown.terminal import complain
from unmix_plugins.client import Client

CLIENT_NAME = "unmix"


def connect() -> Client:
    """A client; says so when it has to start the daemon."""
    return Client.connect(client_name=CLIENT_NAME, on_start=_say_starting)


def connect_if_running() -> Client:
    """A client for who only looks, and so starts none. Raises DaemonUnreachable where no daemon runs."""
    return Client.connect(client_name=CLIENT_NAME, start=False)


def _say_starting() -> None:
    complain("no daemon runs; starting one, which stays for the next call (`unmix stop` ends it).")
