"""A hundred strangers who connect to a TCP port again and again, each in a way of its own. Run with the address."""

import itertools
import os
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from daemon.running.strangers.raw_http2 import PREFACE, RawCaller

_STRANGERS = 100


def without_certificate() -> ssl.SSLContext:
    """TLS of somebody who asks for no proof and has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def silent(address: str) -> None:
    with RawCaller(address) as caller:
        caller.is_hung_up(5)


def in_clear(address: str) -> None:
    with RawCaller(address) as caller:
        caller.greet().heard()


def unknown(address: str) -> None:
    with RawCaller(address, tls=without_certificate()) as caller:
        caller.greet().heard()


def noise(address: str) -> None:
    with RawCaller(address) as caller:
        caller.send([PREFACE + os.urandom(1 << 14)])
        caller.heard()


def _go_on(way: Callable[[str], None], address: str) -> None:
    while True:
        with suppress(OSError):
            way(address)


if __name__ == "__main__":
    for way in itertools.islice(itertools.cycle((silent, in_clear, unknown, noise)), _STRANGERS):
        threading.Thread(target=_go_on, args=(way, sys.argv[1])).start()
