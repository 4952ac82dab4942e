"""The tags that formats have in common, and RIFF's own spelling of them (the INFO list)."""

from collections.abc import Mapping

from unmix_models.media._riff import chunk

# RIFF INFO ids: Microsoft "Multimedia Programming Interface and Data Specifications 1.0", and what Windows,
# FFmpeg and REAPER write for album and track.
_INFO_IDS = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "comment": b"ICMT",
    "composer": b"IMUS",
    "copyright": b"ICOP",
    "date": b"ICRD",
    "genre": b"IGNR",
    "track": b"IPRT",
}
_KEPT = {*_INFO_IDS, "album_artist", "disc", "performer", "publisher"}
_LONGEST = 65_536


def common_tags(*found: Mapping[str, str]) -> dict[str, str]:
    """The tags worth copying; the first mapping that has one wins. Encoder names and brands stay behind."""
    kept: dict[str, str] = {}
    for tags in found:
        for name, value in tags.items():
            if name.lower() in _KEPT and 0 < len(value) <= _LONGEST:
                kept.setdefault(name.lower(), value)
    return kept


def tags_from_info(side_chunks: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    """The tags in the `LIST` chunk of type `INFO`."""
    names = {identifier: name for name, identifier in _INFO_IDS.items()}
    names[b"ITRK"] = "track"
    tags: dict[str, str] = {}
    for identifier, body in side_chunks:
        position = 4
        while _is_info(identifier, body) and position + 8 <= len(body):
            size = int.from_bytes(body[position + 4 : position + 8], "little")
            value = body[position + 8 : position + 8 + size].split(b"\0", 1)[0]
            if name := names.get(body[position : position + 4]):
                tags.setdefault(name, value.decode("utf-8", "replace"))
            position += 8 + size + size % 2
    return common_tags(tags)


def with_info(
    side_chunks: tuple[tuple[bytes, bytes], ...], tags: Mapping[str, str]
) -> tuple[tuple[bytes, bytes], ...]:
    """The side chunks, and an INFO list of the tags unless they have one."""
    if any(_is_info(identifier, body) for identifier, body in side_chunks):
        return side_chunks
    body = b"".join(
        chunk(identifier, tags[name].encode("utf-8", "replace") + b"\0")
        for name, identifier in _INFO_IDS.items()
        if name in tags
    )
    return (*side_chunks, (b"LIST", b"INFO" + body)) if body else side_chunks


def _is_info(identifier: bytes, body: bytes) -> bool:
    return identifier == b"LIST" and body[:4] == b"INFO"
