"""The ways in which REAPER differs from one machine, version or setting to the next."""

from dataclasses import dataclass
from pathlib import Path

NOWHERE = Path("/nonexistent/REAPER")


@dataclass(frozen=True, slots=True)
class Switches:
    """Which REAPER the stand-in is; what is not known of the real one can be had both ways."""

    strict_new_source: bool = False
    """A source that a script created is not valid until a take has it, so SetMediaItemTake_Source does nothing."""
    void_ptr_invalid: bool = False
    """Nothing is valid as `void*`, so ValidatePtr2 says 0 of everything."""
    reuse_addresses: bool = False
    """A new thing may get the address of a deleted one of its kind, so a stale pointer may find another thing."""
    offline_hides_facts: bool = True
    """An offline source tells no length, rate or channels, and its type begins with _OFFLINE_."""
    separate_interpreters: bool = False
    """Every run of a script has a `__main__` and imports of its own."""
    knows_file: bool = False
    """Scripts have `__file__` and `sys.argv`."""
    default_fade: float = 0.01
    """Seconds of fade that new items come with, as the preferences say."""
    string_cost: float = 0.0
    """Seconds that each in/out string of 4 MiB is counted with in `runs`; up to 0.003 was measured."""
    resource_folder: Path = NOWHERE
    version: str = "6.82/linux-x86_64"
    system: str = "Other"
    """What GetOS says: "Win64", "OSX64", "macOS-arm64", "Other"."""
