"""What `separate.py` compares, each run in a process of its own.

Every contestant is a function from a folder with weights to a function from audio `[channels, frames]` to stems
`[stems, channels, frames]`; all scale their input by the whole track's statistics, with overlap 0.25 and no
shifts.
"""

# ruff: noqa: PLC0415  # a contestant imports only what it needs, for its start and its memory are measured

import hashlib
import importlib
import io
import json
import resource
import subprocess
import sys
import time
import types
import venv
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch

RATE = 44100
STEMS = ("drums", "bass", "other", "vocals")
SIGNATURE = "abcd1234"
KEYWORDS = {
    "sources": list(STEMS),
    "segment": Fraction(39, 5),
    "dconv_mode": 3,
    "bottom_channels": 512,
    "t_dropout": 0.02,
}
"""What makes an HTDemucs `htdemucs`."""

Separate = Callable[[torch.Tensor], torch.Tensor]


def unmix(folder: Path, precision: str) -> Separate:
    from unmix_models.separate.htdemucs.checkpoint import read
    from unmix_models.separate.htdemucs.separator import load
    from unmix_models.separate.htdemucs.stream import DemucsStream
    from unmix_models.separate.statistics import TrackStatisticsMeter

    model = load(read(folder / "bench.yaml"), name="bench", precision=precision)

    def final(stream: DemucsStream, block: np.ndarray | None = None) -> dict[str, np.ndarray]:
        if block is not None:
            stream.push(block)
        while (segment := stream.pending()) is not None:
            stream.accept(model.forward([segment])[0])
        return stream.take()

    def separate(audio: torch.Tensor) -> torch.Tensor:
        block = np.ascontiguousarray(audio.T.numpy())
        meter = TrackStatisticsMeter()
        meter.add(block)
        stream = model.stream(STEMS, meter.result())
        parts = [final(stream, block[start : start + RATE]) for start in range(0, len(block), RATE)]
        stream.finish()
        parts.append(final(stream))
        stems = [np.concatenate([part[stem] for part in parts]).T for stem in STEMS]
        return torch.from_numpy(np.stack(stems))

    return separate


def demucs(folder: Path) -> Separate:
    from demucs.apply import apply_model
    from demucs.repo import LocalRepo

    return normalised(apply_model, LocalRepo(folder).get_model(SIGNATURE))


def audio_separator(folder: Path) -> Separate:
    """The demucs inside python-audio-separator, without its default of two shifts, which doubles the work."""
    package = "audio_separator.separator.uvr_lib_v5.demucs"
    network = importlib.import_module(f"{package}.htdemucs").HTDemucs(**KEYWORDS)
    network.load_state_dict(state_of(folder))
    return normalised(importlib.import_module(f"{package}.apply").apply_model, network.eval())


def openvino(folder: Path, precision: str) -> Separate:
    """HTDemucs between its STFT and its inverse, converted to OpenVINO; demucs' `apply_model` around it."""
    import openvino as ov
    from demucs.apply import apply_model
    from demucs.repo import LocalRepo

    network: Any = LocalRepo(folder).get_model(SIGNATURE).eval()
    frames = int(network.samplerate * network.segment)

    class Core(torch.nn.Module):
        """The network with its transforms taken out: they become input and output."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, image: torch.Tensor, mix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            caught: list[torch.Tensor] = []
            inner = self.network
            inner._spec = lambda _: image
            inner._magnitude = lambda z: z
            inner._mask = lambda _, x: caught.append(x)
            inner._ispec = lambda *_: torch.zeros(())
            return inner(mix), caught[0]

    transforms = {name: getattr(network, name) for name in ("_spec", "_magnitude", "_mask", "_ispec")}
    mix = torch.randn(1, 2, frames)
    torch.backends.mha.set_fastpath_enabled(False)  # the fused operation cannot be converted
    with torch.no_grad():
        image = network._magnitude(network._spec(mix)).contiguous()
        model = ov.convert_model(Core(), example_input=(image, mix), input=[image.shape, mix.shape])
    settings = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "PERFORMANCE_HINT": "LATENCY"}
    compiled = ov.Core().compile_model(model, "CPU", {**settings, "INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()

    def forward(_: Any, wave: torch.Tensor) -> torch.Tensor:
        spectrum = transforms["_spec"](wave)
        inputs = [transforms["_magnitude"](spectrum).contiguous().numpy(), wave.contiguous().numpy()]
        results = request.infer(inputs, share_inputs=True, share_outputs=True)
        time_part, image_part = (torch.from_numpy(results[index]) for index in range(2))
        return time_part + transforms["_ispec"](transforms["_mask"](spectrum, image_part), frames)

    network.forward = types.MethodType(forward, network)
    return normalised(apply_model, network)


def normalised(apply_model: Callable[..., torch.Tensor], network: torch.nn.Module) -> Separate:
    """As `demucs.api.Separator.separate_tensor` calls `apply_model`."""

    def separate(audio: torch.Tensor) -> torch.Tensor:
        mono = audio.mean(0)
        mean, deviation = mono.mean(), mono.std() + 1e-8
        with torch.no_grad():
            stems = apply_model(network, ((audio - mean) / deviation)[None], shifts=0, overlap=0.25)[0]
        return stems * deviation + mean

    return separate


OWN: dict[str, Callable[[Path], Separate]] = {
    "demucs apply_model": demucs,
    "unmix warm, float32": lambda folder: unmix(folder, "float32"),
    "unmix warm, default precision": lambda folder: unmix(folder, "auto"),
}
PEERS: dict[str, Callable[[Path], Separate]] = {
    "python-audio-separator's demucs": audio_separator,
    "OpenVINO float32": lambda folder: openvino(folder, "f32"),
    "OpenVINO bfloat16": lambda folder: openvino(folder, "bf16"),
}
PEER_PACKAGES = ("audio-separator==0.47.1", "openvino==2026.4.1")
COLD: dict[str, Callable[[Path], Separate]] = {"unmix auto": OWN["unmix warm, default precision"]}


def write_weights(folder: Path) -> None:
    """The same network three ways: a bag, its `.safetensors`, and the `.th` that the demucs CLI reads."""
    from demucs.htdemucs import HTDemucs
    from unmix_models.separate.htdemucs.legacy import convert

    torch.manual_seed(0)
    network = HTDemucs(**KEYWORDS)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(".scale"):  # close to 0 in a fresh network, which would hide every branch
                parameter.uniform_(0.1, 0.3)
    state = {name: tensor.half() for name, tensor in network.state_dict().items()}
    buffer = io.BytesIO()
    torch.save({"klass": HTDemucs, "args": (), "kwargs": KEYWORDS, "state": state}, buffer)
    legacy = folder / f"{SIGNATURE}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.th"
    legacy.write_bytes(buffer.getvalue())
    convert(legacy, folder / f"{SIGNATURE}.safetensors")
    (folder / "bench.yaml").write_text(f"models: ['{SIGNATURE}']\n")


def write_clip(path: Path, seconds: float) -> None:
    """Chords, a voice-like glide, a beat and noise, the same each time."""
    generator = np.random.default_rng(0)
    moments = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * moments + pitch) for pitch in (55, 110, 164.8, 220, 440, 880))
    glide = np.sin(2 * np.pi * np.cumsum(330 * (1 + 0.03 * np.sin(2 * np.pi * 5 * moments))) / RATE)
    beat = np.exp(-(moments % 0.5) / 0.06)[:, None] * generator.standard_normal((len(moments), 2))
    audio = 0.04 * np.asarray(tones)[:, None] + 0.06 * glide[:, None] + 0.12 * beat
    sf.write(path, audio, RATE, subtype="PCM_16")


def peer_environment() -> str:
    """The Python of an environment of the bench's own, which sees this one's packages and adds the peers'."""
    folder = Path(__file__).parents[1] / "build" / "bench-peers"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "parent.pth").write_text(
            "\n".join(path for path in sys.path if path.endswith("site-packages"))
        )
    # The same PyTorch for all: without the bound, pip would replace it by a newer one with CUDA.
    pinned = f"torch=={torch.__version__.partition('+')[0]}"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *PEER_PACKAGES, pinned], check=True)
    return str(python)


def state_of(folder: Path) -> dict[str, torch.Tensor]:
    from unmix_models.separate.htdemucs.checkpoint import read

    (member,) = read(folder / "bench.yaml").members
    return {name: tensor.float() for name, tensor in member.tensors.items()}


def read_clip(path: str) -> torch.Tensor:
    return torch.from_numpy(sf.read(path, dtype="float32", always_2d=True)[0].T.copy())


def say(wall: float) -> None:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "megabytes": megabytes}), flush=True)


def main() -> None:
    """`FOLDER NAME THREADS` and then clips on standard input, or `FOLDER NAME THREADS CLIP OUTPUT`, once."""
    folder, name, threads, *once = sys.argv[1:]
    if name.startswith("unmix"):
        from unmix_models.process.allocator import configure_allocator

        configure_allocator()
    torch.set_num_threads(int(threads))
    separate = {**OWN, **PEERS, **COLD}[name](Path(folder))
    if once:
        clip, output = once
        Path(output).mkdir(exist_ok=True)
        for stem, audio in zip(STEMS, separate(read_clip(clip)), strict=True):
            sf.write(Path(output) / f"{stem}.wav", audio.T.numpy(), RATE, subtype="PCM_16")
        return
    separate(torch.randn(2, 2 * RATE))
    say(0)
    for line in sys.stdin:
        clip, output = json.loads(line)
        audio = read_clip(clip)
        start = time.perf_counter()
        stems = separate(audio)
        wall = time.perf_counter() - start
        np.save(output, stems.numpy())
        say(wall)


if __name__ == "__main__":
    main()
