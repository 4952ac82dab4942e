"""Bounds: memory that does not grow with length, and mutated files that raise nothing but AudioError."""

import tracemalloc
from pathlib import Path

import numpy as np
import psutil
import pytest
from fuzz.media import run, seeds
from media_files import chunk, fmt, riff, spec_for
from unmix_models.media import open_reader, open_writer


def test_of_two_hundred_mutated_files_none_raises_anything_but_audio_errors(tmp_path: Path) -> None:
    readable = run(200, seed=1, folder=tmp_path)
    assert 0 < readable < 200


def test_every_kind_of_file_is_fuzzed(tmp_path: Path) -> None:
    for data in seeds(tmp_path).values():
        (tmp_path / "input").write_bytes(data)
        with open_reader(tmp_path / "input") as reader:
            assert sum(len(block) for block in reader.blocks()) > 0


@pytest.mark.parametrize(
    "bits", [pytest.param(16, marks=pytest.mark.long), 24, pytest.param(32, marks=pytest.mark.long)]
)
def test_reading_wav_takes_the_memory_of_a_few_blocks(tmp_path: Path, bits: int) -> None:
    size = 48_000 * 600 * 2 * bits // 8
    head = riff(fmt(bits=bits), chunk(b"data", b"", size), size=size + 36)
    with (tmp_path / "input").open("wb") as sparse:
        sparse.write(head)
        sparse.truncate(len(head) + size)
    tracemalloc.start()
    with open_reader(tmp_path / "input") as reader:
        frames = sum(len(block) for block in reader.blocks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert frames == 48_000 * 600
    assert peak < 8 << 20


@pytest.mark.long
@pytest.mark.parametrize("name", ["flac", "ogg", "m4a"])
def test_memory_does_not_grow_with_length(tmp_path: Path, name: str) -> None:
    process = psutil.Process()
    silence = np.zeros((48_000 * 10, 2), np.float32)
    with (tmp_path / "input").open("wb") as file, open_writer(file, spec_for(name)) as writer:
        writer.write(silence)
        before = process.memory_info().rss
        for _ in range(23):
            writer.write(silence)
        assert process.memory_info().rss - before < 24 << 20
    with open_reader(tmp_path / "input") as reader:
        blocks = reader.blocks()
        next(blocks)
        before = process.memory_info().rss
        frames = sum(len(block) for block in blocks)  # 92 MB of samples
        assert frames > 48_000 * 238
        assert process.memory_info().rss - before < 24 << 20
