"""Mutated models: whatever comes in, only InvalidWeights comes out, and a daemon goes on.

    python tests/fuzz/models.py --runs 10000 --imports 300 [--seed 7]

RUNS files go through the code that judges them, in this process; IMPORTS folders through `unmix models import` and a
running daemon. The last file tried lies in the folder that is printed first, also after a crash of the process.
"""

import argparse
import io
import json
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

if sys.path[0] == str(
    Path(__file__).parent
):  # as a script, find what tests share, and not itself as their `models`
    sys.path[0] = str(Path(__file__).parents[1])

import torch
from demucs.htdemucs import HTDemucs
from fuzz.media import mutate
from models.listen.yamnet import examples as yamnet
from safetensors.torch import save_file
from unmix.v1 import models_pb2
from unmix_models.catalogue import description
from unmix_models.child._limits import Limits
from unmix_models.errors import InvalidWeights
from unmix_models.listen.yamnet import onnx_graph, tflite
from unmix_models.listen.yamnet.network import Network
from unmix_models.separate.htdemucs import bag_file, checkpoint, legacy
from unmix_models.separate.htdemucs.checkpoint import CLASS
from unmix_models.tensor_shapes import shapes_of
from unmix_models.weights import Weights

KEYWORDS: dict[str, Any] = {
    "sources": ["drums", "vocals"],
    "samplerate": 8000,
    "segment": 1.5,
    "nfft": 1024,
    "depth": 3,
    "t_heads": 4,
    "t_layers": 3,
    "audio_channels": 2,
}
DESCRIPTION = {"stems": ["drums", "vocals"], "sample_rate": 8000, "family": "htdemucs", "partition": True}
BAG = "models: [one]\nweights: [[1, 0.5]]\nsegment: 1.5\n"
BAGS = (
    "a: &a [x,x,x,x]\n"
    + "".join(f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in pairwise("abcdefgh"))
    + "models: *h\n",
    "models: " + "[" * 20_000,
    "models: " + "{a: " * 5000,
    "models: [" + "9" * 20_000 + "]",
    "models: [0x" + "f" * 20_000 + "]",
    "models: [one]\nsegment: 1e999",
    "models: [one]\nsegment: 2001-99-99",
    "models: !!python/object/apply:os.mkdir [trap]",
    "models: !!python/name:os.system x",
    "models: !!binary '????'",
    "models: [one]\n<<: {weights: [[1, 1]]}",
    "models: &x [*x]",
    "? {a: b}\n: c\nmodels: [one]",
    "models: [one]\nweights: [[1:30:59, 190:20:30.15]]",
    "%TAG ! tag:x,2000:\n--- !y\nmodels: [one]",
    "models: ['../../one', \"\\ud800\"]",
    "--- 1\n--- 2\n",
)
ODD: tuple[Any, ...] = (
    *(0, 1, -1, 2**31, 2**40, 2**63, 2**64, 10**300, 10**400, 0.5, -0.0, 1e308, 5e-324),
    *(
        float("nan"),
        float("inf"),
        float("-inf"),
        True,
        False,
        None,
        "",
        "x",
        "../x",
        "/srv/x",
        "a\0b",
        "\ud800",
    ),
    *("x" * 100_000, "\u202e", "\x1b[2J", [], {}, [[]], ["a"] * 1000, ["a", "a"], ["../x"], [None], [1.5]),
    *({"_type": "fraction", "numerator": 1, "denominator": 0}, {"_type": "fraction"}, "NaN", [["a"]]),
    {"_type": "fraction", "numerator": 10**300, "denominator": 1},
)


class Trap:
    """What must never be built out of a pickle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.mkdir, (self.path,))


def changed(said: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """One to three entries are another thing, or gone."""
    odd = dict(said)
    for _ in range(chance.randint(1, 3)):
        key = chance.choice([*said, "klass", "extra"])
        if chance.random() < 0.1:
            odd.pop(key, None)
        else:
            odd[key] = [chance.choice(ODD)] if chance.random() < 0.2 else chance.choice(ODD)
    return odd


def description_file(chance: random.Random, _: Path) -> bytes:
    """A `model.json`."""
    said = changed(DESCRIPTION, chance) if chance.random() < 0.7 else DESCRIPTION
    data = json.dumps(said).encode()
    return data if said is not DESCRIPTION else mutate(data, chance)


def bag(chance: random.Random, folder: Path) -> bytes:
    """A bag's `.yaml`; code in it would make `trap` in the folder."""
    if chance.random() < 0.3:
        said = chance.choice(BAGS).replace("[trap]", f"['{folder / 'trap'}']")
        return said.encode("utf-8", "surrogatepass")
    if chance.random() < 0.3:
        said = changed({"models": ["one"], "weights": [[1, 1]], "segment": 1}, chance)
        return json.dumps(said).encode()
    return mutate(BAG.encode(), chance)


def safetensors_file(
    chance: random.Random, folder: Path, tensors: Mapping[str, torch.Tensor] | None = None
) -> bytes:
    """A `.safetensors` checkpoint; its header is where mutations hurt."""
    keywords = changed(KEYWORDS, chance) if chance.random() < 0.6 else KEYWORDS
    path = folder / "seed.safetensors"
    tensors = tensors or {"encoder.0.conv.weight": torch.ones(4, 4), "other": torch.ones(2)}
    save_file(dict(tensors), path, {"klass": CLASS, "args": "[]", "kwargs": json.dumps(keywords)})
    data = path.read_bytes()
    return mutate(data, chance) if keywords is KEYWORDS else data


def pickle_file(
    chance: random.Random, folder: Path, tensors: Mapping[str, torch.Tensor] | None = None
) -> bytes:
    """A `.th`: with code, with tensors larger than any file, as a zip that lies, or with damaged bytes."""
    package: dict[str, Any] = {
        "klass": HTDemucs,
        "args": (),
        "kwargs": KEYWORDS,
        "state": dict(tensors or {}),
    }
    package["state"].setdefault("a", torch.ones(4, 4))
    what = chance.randrange(6)
    if what == 0:
        package[chance.choice([*package])] = Trap(folder / "trap")
    elif what == 1:
        quantized = torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)
        odd = [torch.zeros(1).expand(1 << 36), torch.zeros(4).to_sparse(), 5, quantized]
        package["state"]["a"] = chance.choice(odd)
    elif what == 2:
        package["kwargs"] = changed(KEYWORDS, chance)
    file = io.BytesIO()
    torch.save(package, file)
    data = file.getvalue()
    if what == 3:
        return _deflated(data, chance)
    return mutate(data, chance) if what > 3 else data


def _deflated(data: bytes, chance: random.Random) -> bytes:
    """The same archive, compressed, with a tensor of zeros that fills a hundred times its size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content + bytes(1 << chance.choice((4, 24))))
    return packed.getvalue()


def yamnet_file(chance: random.Random, _: Path) -> bytes:
    """A TFLite file of YAMNet's layout."""
    return mutate(yamnet.file(), chance)


def judge_description(path: Path) -> None:
    """As the daemon's front and its workers do, up to the message for clients."""
    folder = path.parent / "weights" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / description.NAME).write_bytes(path.read_bytes())
    weights = Weights(folder.parent)
    for model in weights.models().values():
        message = models_pb2.Model(name=model.name, stems=model.stems, sample_rate=model.sample_rate or 0)
        assert len(message.SerializeToString()) < 4096
    for reason in weights.left_out().values():
        models_pb2.LeftOutModel(name="mine", reason=reason)
        assert len(reason) < 400
    description.read(folder)


def judge_checkpoint(path: Path) -> None:
    """As recognition and conversion do, in the child."""
    shapes_of(path)
    checkpoint.read(path)


def judge_pickle(path: Path) -> None:
    """As above."""
    shapes_of(path)
    legacy.convert(path, path.with_name("converted.safetensors"))
    checkpoint.read(path.with_name("converted.safetensors"))


def judge_yamnet(path: Path) -> None:
    """As its conversion does."""
    onnx_graph.encode(tflite.read(path.read_bytes()))


def network_file(chance: random.Random, _: Path) -> bytes:
    """What it becomes."""
    return mutate(onnx_graph.encode(tflite.read(yamnet.file())), chance)


def judge_network(path: Path) -> None:
    """As the worker does."""
    with redirect_stdout(None):  # where ONNX Runtime complains
        Network(path.parent).close()


KINDS: Mapping[str, tuple[Callable[[random.Random, Path], bytes], Callable[[Path], object]]] = {
    "model.json": (description_file, judge_description),
    "one.yaml": (bag, bag_file.read),
    "one.safetensors": (safetensors_file, judge_checkpoint),
    "one.th": (pickle_file, judge_pickle),
    "yamnet.tflite": (yamnet_file, judge_yamnet),
    "yamnet.onnx": (network_file, judge_network),
}


def run(runs: int, seed: int, folder: Path) -> dict[str, int]:
    """Try so many files, of each kind as many; return how many of each were taken."""
    chance = random.Random(seed)
    taken = dict.fromkeys(KINDS, 0)
    slowest = 0.0
    for index in range(runs):
        name = [*KINDS][index % len(KINDS)]
        make, judge = KINDS[name]
        path = folder / name
        path.write_bytes(make(chance, folder))
        began = time.monotonic()
        try:
            judge(path)
            taken[name] += 1
        except (
            InvalidWeights,
            MemoryError,
        ):  # what is beyond our limits ends as a sentence, too: `child.__main__`
            pass
        slowest = max(slowest, time.monotonic() - began)
        if index % 1000 == 999:
            print(f"{index + 1} files")  # noqa: T201
        assert not (folder / "trap").exists(), "code of a checkpoint was run"
    print(f"the slowest took {slowest:.1f} s")  # noqa: T201
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--imports", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    output = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True, write_through=True)
    folder = Path(tempfile.mkdtemp(prefix="unmix-fuzz-"))
    output.write(f"last file tried: in {folder}\n")
    replace(Limits.of(0), cpu_seconds=1 << 30).enforce()
    taken = run(arguments.runs, arguments.seed, folder)
    output.write(f"{arguments.runs} files, taken: {taken}; no other error than InvalidWeights\n")
    if arguments.imports:
        from fuzz import imports  # noqa: PLC0415  # a daemon is for them alone

        output.write(f"{imports.run(arguments.imports, arguments.seed, folder)}\n")


if __name__ == "__main__":
    main()
