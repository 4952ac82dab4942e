"""Nothing that we run tells anybody anything."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = "from unmix_models.devices import probe; probe(); import unmix_models.denoise.deepfilternet3"


def test_the_inference_runtime_leaves_no_device_identifier_and_no_event_store(tmp_path: Path) -> None:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ORT_", "XDG_")) and key != "CI"
    }
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, env=environment | {"HOME": str(tmp_path)})
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == []
