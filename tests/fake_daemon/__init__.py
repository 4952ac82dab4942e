"""A daemon that computes nothing: the contract's services on a real gRPC server, for the clients' tests."""

from fake_daemon.messages import (
    STEMS,
    accepted,
    answers,
    fail,
    output,
    piece,
    progress,
    result_of,
    separator,
    stem_names,
    stretch,
    summary,
    untouched,
)
from fake_daemon.script import Events, Script, Upload
from fake_daemon.server import TOKEN, FakeDaemon, calls_of

__all__ = [
    "STEMS",
    "TOKEN",
    "Events",
    "FakeDaemon",
    "Script",
    "Upload",
    "accepted",
    "answers",
    "calls_of",
    "fail",
    "output",
    "piece",
    "progress",
    "result_of",
    "separator",
    "stem_names",
    "stretch",
    "summary",
    "untouched",
]
