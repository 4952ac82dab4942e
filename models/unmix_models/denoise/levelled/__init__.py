"""What a network is not to notice: how loud a recording is, and where its zero lies."""

from unmix_models.denoise.levelled.stream import LevelledStream

__all__ = ["LevelledStream"]
