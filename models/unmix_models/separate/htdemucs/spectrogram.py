"""The spectrogram of demucs and its inverse, without the copies of `torch.stft` and `torch.istft`.

Frames of `size` samples every `size / 4`, Hann window, orthonormal scaling, the Nyquist bin left out. Frame
`i` starts at sample `(i - 1.5) · hop`, and there are `ceil(length / hop)` of them (demucs `HTDemucs._spec`).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


class Spectrogram:
    """Analysis and synthesis at one frame size, on one device."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.size = size
        self.hop = size // 4
        self._window = torch.hann_window(size, device=device)
        # The squares of four Hann windows a quarter apart add up to 1.5, so that a constant is the whole
        # of `istft`'s division by the window envelope (away from the ends, which are cut off).
        self._synthesis_window = self._window / 1.5

    def frames(self, length: int) -> int:
        """How many frames `length` samples have."""
        return math.ceil(length / self.hop)

    def analyse(self, audio: Tensor) -> Tensor:
        """Spectrum of `[batch, channels, length]` as `[batch, 2 · channels, bins, frames]`, channels-last.

        Real and imaginary part of a channel are neighbours ("complex as channels").
        """
        batch, channels, length = audio.shape
        count = self.frames(length)
        edge = self.hop * 3 // 2
        padded = _reflect(audio, edge, edge + count * self.hop - length)
        frames = padded.unfold(-1, self.size, self.hop)[..., :count, :]
        spectrum = _spectra(frames * self._window)
        parts = torch.view_as_real(spectrum[..., : self.size // 2]).permute(0, 1, 4, 3, 2)
        image = parts.reshape(batch, 2 * channels, self.size // 2, count)
        return image.contiguous(memory_format=torch.channels_last)

    def synthesise(self, image: Tensor, length: int) -> Tensor:
        """Audio `[batch, signals, length]` of a spectrum `[batch, 2 · signals, bins, frames]`."""
        batch, parts, bins, count = image.shape
        spectrum = torch.empty(batch, parts // 2, count, bins + 1, 2, device=image.device)
        spectrum[..., bins, :] = 0
        spectrum[..., :bins, :] = image.reshape(batch, parts // 2, 2, bins, count).permute(0, 1, 4, 3, 2)
        frames = _signals(torch.view_as_complex(spectrum), self.size)
        quarters = frames.mul_(self._synthesis_window).view(batch, parts // 2, count, 4, self.hop)
        audio = torch.zeros(batch, parts // 2, count + 3, self.hop, device=image.device)
        for quarter in range(4):
            audio[:, :, quarter : quarter + count] += quarters[:, :, :, quarter]
        start = self.hop * 3 // 2
        return audio.flatten(2)[..., start : start + length]


# PyTorch has no types for its `fft` module.
def _spectra(frames: Tensor) -> Tensor:
    return torch.fft.rfft(frames, norm="ortho")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _signals(spectra: Tensor, size: int) -> Tensor:
    return torch.fft.irfft(spectra, n=size, norm="ortho")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _reflect(audio: Tensor, left: int, right: int) -> Tensor:
    """Mirror both ends; what is shorter than its own mirror image gets zeros first (demucs `pad1d`)."""
    missing = max(left, right) - audio.shape[-1] + 1
    if missing > 0:
        zeros_right = min(right, missing)
        zeros_left = missing - zeros_right
        audio = functional.pad(audio, (zeros_left, zeros_right))
        left, right = left - zeros_left, right - zeros_right
    return functional.pad(audio, (left, right), mode="reflect")
