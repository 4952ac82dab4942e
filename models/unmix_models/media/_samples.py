"""Between stored samples and float32, exactly: full scale of `n` bits is 2 ** (n - 1).

Integers of up to 24 bits survive the way to float32 and back unchanged; 32-bit integers and 64-bit floats are
rounded to float32's 24 bits of mantissa on reading.
"""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block, Depth

BITS = {Depth.U8: 8, Depth.S16: 16, Depth.S24: 24, Depth.S32: 32}
"""Bits of the integer depths."""
BYTES = {Depth.U8: 1, Depth.S16: 2, Depth.S24: 3, Depth.S32: 4, Depth.F32: 4, Depth.F64: 8}


def from_integers(samples: NDArray[np.integer], bits: int) -> Block:
    """Float32 of the same shape from signed integers with full scale 2 ** (bits - 1)."""
    return np.multiply(samples, np.float32(2.0 ** (1 - bits)), dtype=np.float32)


def to_integers(block: Block, bits: int) -> tuple[NDArray[np.int32], int]:
    """Signed integers of the same shape, rounded to even and saturated; and how many were saturated.

    A sample that saturation does not change as float32 (1.0 at 32 bits) is not counted.
    """
    # Scaling by a power of two is exact in float32, but 2 ** 31 - 1 is not a float32.
    scaled = np.multiply(block, 2.0 ** (bits - 1), dtype=np.float32 if bits <= 24 else np.float64)
    np.rint(scaled, out=scaled)
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    top = highest if bits <= 24 else highest + 1
    clipped = int(np.count_nonzero(scaled > top)) + int(np.count_nonzero(scaled < lowest))
    np.clip(scaled, lowest, highest, out=scaled)
    return scaled.astype(np.int32), clipped


def pack(samples: NDArray[np.int32] | Block, depth: Depth) -> bytes:
    """Little-endian bytes as WAV stores them; integers for the integer depths, else floats."""
    if depth is Depth.U8:
        return (samples + 128).astype(np.uint8).tobytes()
    if depth is Depth.S24:
        words = np.ascontiguousarray(samples, dtype="<i4")
        return words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return samples.astype(_STORED[depth]).tobytes()


def unpack(stored: bytes | memoryview, depth: Depth) -> Block:
    """One dimension of float32 from little-endian bytes as WAV stores them."""
    if depth is Depth.U8:
        return from_integers(np.frombuffer(stored, np.uint8).astype(np.int16) - np.int16(128), 8)
    if depth is Depth.S24:
        octets = np.frombuffer(stored, np.uint8).reshape(-1, 3)
        words = np.zeros((len(octets), 4), np.uint8)
        words[:, 1:] = octets
        return from_integers(words.view("<i4").reshape(-1), 32)
    samples = np.frombuffer(stored, _STORED[depth])
    if depth in BITS:
        return from_integers(samples, BITS[depth])
    # A 64-bit sample beyond float32 becomes infinite; the reader refuses it with its position.
    with np.errstate(over="ignore", invalid="ignore"):
        return samples.astype(np.float32)


_STORED = {Depth.S16: "<i2", Depth.S32: "<i4", Depth.F32: "<f4", Depth.F64: "<f8"}
