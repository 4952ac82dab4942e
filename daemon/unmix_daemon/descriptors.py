"""How many files and connections the front may have open."""

import os
from contextlib import suppress

_ENOUGH = 65_536
"""What `unmixd install` asks systemd for; some systems call any number a limit that they do not bear."""


def raise_limit() -> None:
    """Take as many as the system allows without asking; its usual 1,024 is for programs that use select()."""
    if os.name == "nt":
        return
    import resource  # noqa: PLC0415  # Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
