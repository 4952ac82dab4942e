"""One call as the command makes it; prints the peak memory of this process in bytes.

python bench/memory_client.py STATE FILE TARGET MODEL
"""

import sys
from pathlib import Path

from unmix.words import DenoiseTask, SeparateTask
from unmix_plugins.client import Client

SEPARATORS = ("dsp", "tiny")
STEMS = ("drums", "bass", "other", "vocals")


def peak_bytes(pid: int | str) -> int:
    """The most memory that a process has had resident so far (VmHWM of proc(5), so on Linux only)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise SystemExit(f"Process {pid} tells no VmHWM: this bench needs Linux.")


if __name__ == "__main__":
    state, source, target, model = sys.argv[1:]
    with Client.connect(Path(state), client_name="bench", start=False) as client:
        if model in SEPARATORS:
            targets = {stem: Path(f"{target}.{stem}") for stem in STEMS}
            client.process(Path(source), targets, SeparateTask(model=model))
        else:
            client.denoise(Path(source), {"clean": Path(target)}, DenoiseTask(model=model))
    print(peak_bytes("self"))
