"""Regenerate the code beside each .proto: `python protos/generate.py [FOLDER]`.

Writes into this folder, or below FOLDER (a test regenerates elsewhere and compares).
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def generate(target: Path) -> None:
    """Run protoc with the Python, gRPC and typing plugins; `target` receives unmix/v1/*_pb2*.py(i).

    Raises subprocess.CalledProcessError when protoc refuses a file.
    """
    sources = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("unmix/v1/*.proto"))
    target.mkdir(parents=True, exist_ok=True)
    plugins = [f"--{kind}_out={target}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}", *plugins, *sources], check=True, cwd=ROOT
    )


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
