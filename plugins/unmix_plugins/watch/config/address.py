"""The address of a webhook."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from unmix_plugins.watch.config.folder import ConfigError


def check_url(url: str) -> SplitResult:
    """The parts of a webhook's address. Raises ConfigError unless it is `https`, or `http` to this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no address ({error}): write https://host/path.") from error
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{url!r} is no address: write https://host/path, other characters as %XX.")
    if parts.username is not None:
        raise ConfigError(
            "A webhook's address holds no user and password: use its secret, which signs the body."
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ConfigError(f"{url!r} would be sent as plain text: use https, or http to 127.0.0.1 only.")
    return parts


def is_loopback(host: str) -> bool:
    """True for a name or an address that never leaves this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
