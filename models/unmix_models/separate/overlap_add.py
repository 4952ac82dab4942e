"""Segments of a stream, and their outputs added up under triangular windows.

The arithmetic is `demucs.apply.apply_model`'s: segments start every `(1 - overlap) · segment` frames, outputs
are weighted by a triangle and divided by the sum of the weights, and what is shorter than a segment at the
end is centred in one, with the audio before it on its left and zeros on its right. Memory does not grow with
length.
"""

import torch
from torch import Tensor
from torch.nn import functional


class OverlapAdd:
    """One track through one network.

    `push` audio; while `pending` gives a segment, `accept` the network's output for it; `take` what is final.
    After `finish` the same again, until `pending` gives None.
    """

    def __init__(self, segment: int, overlap: float, lead: int = 0) -> None:
        """`lead` frames of silence go before the audio, and out of the result again (demucs' shift trick)."""
        self._segment = segment
        self._stride = max(1, int((1 - overlap) * segment))
        rising = torch.arange(1, segment // 2 + 1)
        falling = torch.arange(segment - segment // 2, 0, -1)
        triangle = torch.cat([rising, falling])
        self._triangle = triangle / triangle.max()
        self._blocks: list[Tensor] = []
        self._first = 0
        """Frame number of the first sample in `_blocks`."""
        self._frames = 0
        """Frames pushed so far."""
        self._finished = False
        self._offset = 0
        """Where the next segment starts."""
        self._sum: Tensor | None = None
        """Weighted outputs from `_offset` on, `[stems, channels, segment]`."""
        self._weights = torch.zeros(segment)
        self._final: list[Tensor] = []
        self._skip = lead
        self._lead = lead

    @property
    def offset(self) -> int:
        """Frames that are final, counted from the start of the lead."""
        return self._offset

    def push(self, audio: Tensor) -> None:
        """Take `[channels, frames]`."""
        audio = functional.pad(audio, (self._lead, 0))
        self._lead = 0
        self._blocks.append(audio)
        self._frames += audio.shape[-1]

    def finish(self) -> None:
        """No more audio comes."""
        self._finished = True

    def pending(self) -> Tensor | None:
        """The next segment `[channels, segment]`, or None where more audio is needed or all is done."""
        complete = self._offset + self._segment <= self._frames
        if not complete and (not self._finished or self._offset >= self._frames):
            return None
        start = self._offset - (self._segment - self._length()) // 2
        audio = torch.cat(self._blocks, -1) if len(self._blocks) > 1 else self._blocks[0]
        # Half a segment before the offset may be wanted on the left of the last ones.
        keep = max(0, self._offset - self._segment // 2 - self._first)
        self._blocks = [audio[:, keep:].clone()]
        self._first += keep
        audio, start = self._blocks[0], start - self._first
        part = audio[:, max(0, start) : start + self._segment]
        left = max(0, -start)
        return functional.pad(part, (left, self._segment - left - part.shape[-1]))

    def accept(self, output: Tensor) -> None:
        """Take the network's `[stems, channels, segment]` for what `pending` gave."""
        length = self._length()
        start = (self._segment - length) // 2
        weights = self._triangle[:length]
        if self._sum is None:
            self._sum = torch.zeros_like(output)
        self._sum[..., :length] += weights * output[..., start : start + length]
        self._weights[:length] += weights
        last = self._finished and self._offset + self._stride >= self._frames
        done = length if last else self._stride
        self._final.append((self._sum[..., :done] / self._weights[:done])[..., self._skip :])
        self._skip = max(0, self._skip - done)
        self._sum = functional.pad(self._sum[..., done:], (0, done))
        self._weights = functional.pad(self._weights[done:], (0, done))
        self._offset += done

    def take(self) -> list[Tensor]:
        """What became final since the last call, `[stems, channels, frames]` each."""
        final, self._final = self._final, []
        return final

    def _length(self) -> int:
        """Frames of the next segment that are audio."""
        return min(self._segment, self._frames - self._offset)
