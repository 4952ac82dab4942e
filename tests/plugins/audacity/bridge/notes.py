"""A writer that only takes notes, and the samples that the tests of answers select."""

import numpy as np
from unmix_plugins.audacity.bridge.click import Click
from unmix_plugins.audacity.effect.request import Answer, Say, StatusRequest, TrackRequest

SAMPLES = np.random.default_rng(4).standard_normal(20_000).astype(np.float32)
OTHERS = np.random.default_rng(6).standard_normal(20_000).astype(np.float32)
STEREO = np.random.default_rng(5).standard_normal((30_000, 2)).astype(np.float32)


class Notes:
    """A writer that writes nothing back."""

    def __init__(self) -> None:
        self.followed: list[Click] = []
        self.has_pipe = True
        self.has_disk = True

    def answer(self, request: TrackRequest, wave: object) -> Answer | None:
        return None

    def see(self, request: StatusRequest) -> Answer:
        return Say(request.project.name)

    def follow(self, click: Click) -> None:
        self.followed.append(click)

    def can_write(self) -> bool:
        return self.has_pipe

    def has_room(self, click: Click) -> bool:
        return self.has_disk
