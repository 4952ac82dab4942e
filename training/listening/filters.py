"""The few filters that made sounds need, typed where they enter."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal
from unmix_models.listen.ear import SAMPLE_RATE

Floats = NDArray[np.float64]

_scipy = cast(Any, signal)


def passed(samples: NDArray[Any], low: float | None, high: float | None, order: int = 4) -> Floats:
    """What lies between two frequencies, Hz, by a Butterworth filter; None leaves a side open."""
    border: float | list[float] | None = [low, high] if low and high else low or high
    kind = "band" if low and high else "high" if low else "low"
    sections = _scipy.butter(order, border, kind, fs=SAMPLE_RATE, output="sos")
    return np.asarray(_scipy.sosfilt(sections, samples), np.float64)


def convolved(samples: NDArray[Any], answer: Floats) -> Floats:
    """`samples` through an impulse response, cut to their length."""
    return np.asarray(_scipy.fftconvolve(samples, answer)[: len(samples)], np.float64)


def resonance(samples: Floats, hertz: float, width: float, state: Floats) -> tuple[Floats, Floats]:
    """`samples` through a resonance of unit gain at 0 Hz, `width` in Hz; and the state to go on from."""
    radius = np.exp(-np.pi * width / SAMPLE_RATE)
    poles = np.array([1, -2 * radius * np.cos(2 * np.pi * hertz / SAMPLE_RATE), radius**2])
    made, state = _scipy.lfilter([poles.sum()], poles, samples, zi=state)
    return np.asarray(made, np.float64), state


def smoothed(samples: Floats, frames: float) -> Floats:
    """`samples` followed with a time constant of so many frames, from the first on."""
    stay = 1 - 1 / frames
    return np.asarray(
        _scipy.lfilter([1 / frames], [1, -stay], samples, zi=[samples[0] * stay])[0], np.float64
    )


def running_mean(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Mean over `frames` around each sample."""
    return np.asarray(cast(Any, ndimage).uniform_filter1d(samples, frames), np.float32)
