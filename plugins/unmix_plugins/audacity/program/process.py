"""The Audacity programs of this user."""

import os

import psutil

_NAME = "audacity"


def audacity_pids() -> list[int]:
    """Those that run, the oldest first."""
    found: list[tuple[float, int]] = []
    for process in psutil.process_iter():
        try:
            is_ours = process.name().casefold() == _NAME and process.uids().real == os.getuid()
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.create_time(), process.pid))
        except psutil.Error:
            continue
    return [pid for _, pid in sorted(found)]
