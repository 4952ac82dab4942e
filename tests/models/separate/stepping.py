"""A separator's stream taken through its steps by one who has no scheduler."""

from typing import Any

from unmix_models.audio import Block
from unmix_models.separate.base import SeparateStream, Separator


def process(model: Separator, stream: SeparateStream, block: Block) -> dict[str, Block]:
    """Push a block; what is final then."""
    stream.push(block)
    return _final(model, stream)


def flush(model: Separator, stream: SeparateStream) -> dict[str, Block]:
    """The rest."""
    stream.finish()
    return _final(model, stream)


def _final(model: Separator, stream: SeparateStream) -> dict[str, Block]:
    segment: Any
    while (segment := stream.pending()) is not None:
        stream.accept(model.forward([segment])[0])
    return stream.take()
