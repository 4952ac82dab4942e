"""The committed code is what the .proto files say, and they are documented whole."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from unmix.v1 import audio_pb2, jobs_pb2, models_pb2

ROOT = Path(__file__).parents[2] / "protos"


def test_regenerating_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="the code generator is a development dependency")
    path = f"{Path(sys.executable).parent}"
    subprocess.run(
        [sys.executable, ROOT / "generate.py", tmp_path], check=True, capture_output=True, env={"PATH": path}
    )
    made = {file.relative_to(tmp_path): file.read_text() for file in tmp_path.rglob("*.py*")}
    kept = {file.relative_to(ROOT): file.read_text() for file in ROOT.glob("unmix/v1/*_pb2*.py*")}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


@pytest.mark.parametrize("name", ["audio", "jobs", "models"])
def test_every_definition_is_documented(name: str) -> None:
    lines = (ROOT / "unmix" / "v1" / f"{name}.proto").read_text("utf-8").splitlines()
    undocumented = [
        line
        for before, line in pairwise(lines)
        if line.strip()
        and not line.strip().startswith(("//", "}", "syntax", "package", "import"))
        and not before.strip().startswith("//")
    ]
    assert undocumented == []


def test_requests_and_responses_are_unique_to_their_rpc() -> None:
    used: list[str] = []
    for file in (audio_pb2, jobs_pb2, models_pb2):
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                assert method.input_type.name == f"{method.name}Request"
                assert method.output_type.name == f"{method.name}Response"
                used += [method.input_type.full_name, method.output_type.full_name]
    assert len(used) == len(set(used))
