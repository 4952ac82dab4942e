"""`make demo`: start a daemon, clean a recording twice, show what happened. Everything lands in `out/demo`."""

import os
import sys
import time
from pathlib import Path

from picture import before_and_after
from unmix.words import DenoiseStem, DenoiseTask, OutputStarted, Summary
from unmix_plugins.cli.shown.wording import timeline_lines
from unmix_plugins.client import Client
from unmix_plugins.daemon_process import stop_daemon
from unmix_plugins.errors import UnmixError

OUT = Path("out/demo")


def main(recording: Path) -> int:
    """Run the demo on one recording; return the exit status."""
    state = OUT.resolve() / "state"
    state.mkdir(parents=True, exist_ok=True)
    os.environ["UNMIX_STATE"] = str(state)
    began = time.perf_counter()
    try:
        with Client.connect(state, client_name="demo") as client:
            try:
                started = time.perf_counter() - began
                first, cold, files = _clean(client, recording)
                _, warm, _ = _clean(client, recording)
            finally:
                stop_daemon(state, client.status().pid, client.is_answered)
    except UnmixError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"demo: {recording} cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    picture = OUT / "before-and-after.png"
    before_and_after(recording, files["clean"], picture)
    _tell(recording, first, started=started, cold=cold, warm=warm)
    for name, path in [*files.items(), ("picture", picture)]:
        print(f"{name:12} {path}")
    return 0


def _clean(client: Client, recording: Path) -> tuple[Summary, float, dict[str, Path]]:
    files: dict[str, Path] = {}

    def name(started: OutputStarted) -> Path:
        files[started.name] = OUT / f"{recording.stem}.{started.name}.{started.extension}"
        return files[started.name]

    began = time.perf_counter()
    task = DenoiseTask(stems=(DenoiseStem.CLEAN, DenoiseStem.NOISE))
    summary = client.denoise(recording, name, task, overwrite=True)
    return summary, time.perf_counter() - began, files


def _tell(recording: Path, summary: Summary, *, started: float, cold: float, warm: float) -> None:
    rate = summary.audio.sample_rate if summary.audio else 0
    print(f"{'recording':12} {recording}, {summary.duration:.1f} s, {rate} Hz")
    print(f"{'model':12} {summary.model}: {summary.model_reason}")
    for line in timeline_lines(summary):
        print(f"{'':12} {line}")
    print(f"{'device':12} {summary.device}: {summary.device_reason}")
    for output in summary.outputs:
        if output.level_dbfs is not None:
            print(f"{output.name:12} {output.level_dbfs:.1f} dBFS, peak {output.peak_dbfs:.1f} dBFS")
    print(f"{'daemon':12} up in {started:.2f} s")
    print(f"{'cold':12} {cold:.2f} s, worker and model loaded on the way")
    print(f"{'warm':12} {warm:.2f} s, {summary.duration / warm:.0f} times real time")
    for note in summary.notes:
        print(f"{'note':12} {note}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
