"""Two spectrograms, one above the other, as a PNG, with nothing but FFmpeg's filters and numpy."""

from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np

WIDTH, HEIGHT = 1000, 300


def before_and_after(before: Path, after: Path, picture: Path) -> None:
    """Draw `before` above `after`: time to the right, frequency upwards, loud is bright, one scale for both."""
    images = [_spectrogram(path) for path in (before, after)]
    width = min(image.shape[1] for image in images)
    stacked = np.concatenate([image[:, :width] for image in images])
    with av.open(str(picture), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.height, stream.width = stacked.shape[:2]
        stream.pix_fmt = "rgb24"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stacked), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def _spectrogram(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        audio = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            format=audio.format.name,
            sample_rate=audio.rate,
            layout=audio.layout.name,
            time_base=Fraction(1, audio.rate),
        )
        draw = graph.add(
            "showspectrumpic",
            f"s={WIDTH}x{HEIGHT}:scale=log:drange=90:limit=-10:mode=combined:legend=1:color=magma",
        )
        sink = graph.add("buffersink")
        source.link_to(draw)
        draw.link_to(sink)
        graph.configure()
        for frame in container.decode(audio):
            graph.push(frame)
        graph.push(None)
        return graph.pull().to_ndarray(format="rgb24")
