"""Ogg pages (RFC 3533) with the same stream number each time, where libsndfile draws a random one."""

import zlib

from unmix_models.media._sink import Sink

_SERIAL = (1).to_bytes(4, "little")
_MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


class OggPages:
    """A Sink for one logical Ogg stream that renumbers its pages as they pass."""

    def __init__(self, sink: Sink) -> None:
        """Pages go on to `sink`."""
        self._sink = sink
        self._pending = b""
        self._position = self._length = 0

    def write(self, data: bytes) -> int:
        """Take bytes; pass on every page that is complete."""
        self._pending += data
        self._length += len(data)
        self._position = self._length
        while (size := _page_size(self._pending)) is not None:
            page, self._pending = self._pending[:size], self._pending[size:]
            page = page[:14] + _SERIAL + page[18:22] + bytes(4) + page[26:]
            self._sink.write(page[:22] + _checksum(page) + page[26:])
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move on paper only: libsndfile does it to learn the length, and an Ogg stream only grows."""
        self._position = offset + (0, self._position, self._length)[whence]
        return self._position

    def tell(self) -> int:
        """Position in bytes."""
        return self._position


def _page_size(data: bytes) -> int | None:
    if len(data) < 27 or len(data) < 27 + data[26]:
        return None
    size = 27 + data[26] + sum(data[27 : 27 + data[26]])
    return size if len(data) >= size else None


def _checksum(page: bytes) -> bytes:
    """CRC-32 with Ogg's polynomial: zlib's, but with the bits of all bytes mirrored and no inversions."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{mirrored:032b}"[::-1], 2).to_bytes(4, "little")
