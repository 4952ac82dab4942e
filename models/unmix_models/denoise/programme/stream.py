"""A `DenoiseStream` over a recording that may hold speech, music, both and neither.

The network hears nothing but the stretches that it is to treat: in the place of others there is digital silence, so
that speech behind music is as good as alone.
"""

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.denoise.base import DenoiseStream
from unmix_models.denoise.programme.mixer import Mixer
from unmix_models.denoise.programme.pieces import Piece, Pieces
from unmix_models.denoise.programme.plan import Treatment
from unmix_models.denoise.programme.stretches import Stretch, Stretches
from unmix_models.fifo import Fifo
from unmix_models.listen.ear import Ear, Sound
from unmix_models.listen.listener import Listener
from unmix_models.listen.noise_floor import NoiseFloor
from unmix_models.listen.steady_noise import SteadyNoise

_FILTER = "wiener"
_MUSIC = (Sound.MUSIC, Sound.SPEECH_OVER_MUSIC)


class ProgrammeStream:
    """See `base.DenoiseStream`; at the recording's rate, up to a minute late."""

    def __init__(
        self,
        network: DenoiseStream,
        name: str,
        ear: Ear,
        *,
        sample_rate: int,
        channels: int,
        attenuation_limit_db: float | None = None,
        keep_music: bool = True,
    ) -> None:
        """`network`, of this name, is a stream at the recording's rate that knows no limit.

        Without `keep_music` everything is treated as speech, so that music goes.
        """
        self._network = network
        self._name = name
        self._channels = channels
        self._listener = Listener(ear, sample_rate, channels)
        self._steady = SteadyNoise(sample_rate, channels)
        self._pieces = Pieces(sample_rate, channels, keep_music=keep_music)
        self._mixer = Mixer(sample_rate, channels, attenuation_limit_db)
        self._stretches = Stretches()
        self._settled: list[Piece] = []
        """Pieces that are not mixed yet."""
        self._wet = Fifo(channels)
        """What the network makes of them, as far as it is known."""
        self._before: Treatment | None = None
        self._position = 0
        """Frames before the first of `_settled`."""
        self._block, self._is_talk = 0, True
        """Of the steady noise, that is being mixed, and whether all of it up to now was treated as speech."""
        self._known: dict[Sound, NoiseFloor | None] = {}
        """The noise of that block, by what sounds over it."""

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """What has become of the recording up to now."""
        return self._stretches.all()

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        block = np.array(block, np.float32)  # a copy: the caller may reuse its buffer
        self._steady.hear(block)
        self._take(self._pieces.process(block, self._listener.process(block)))
        return self._mixed(last=False)

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        self._steady.end()
        self._take(self._pieces.process(empty(self._channels), self._listener.flush()))
        self._take(self._pieces.flush())
        self._wet.put(self._network.flush())
        waiting = sum(len(piece.samples) for piece in self._settled)
        self._wet.put(np.zeros((max(waiting - len(self._wet), 0), self._channels), np.float32))
        return np.concatenate([self._mixed(last=True), self._mixer.flush()])

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            treated = piece.treatment is not Treatment.REST
            heard = piece.samples if treated else np.zeros_like(piece.samples)
            self._wet.put(self._network.process(heard))
            self._settled.append(piece)

    def _mixed(self, *, last: bool) -> Block:
        mixed = [empty(self._channels)]
        while self._settled and (last or self._may_mix()):
            block = self._block_of_next()
            if block != self._block:
                self._end_of_block(block)
            piece = self._settled.pop(0)
            behind = self._settled[0].treatment if self._settled else piece.treatment
            mixed.append(self._mix(piece, behind, block))
        return np.concatenate(mixed)

    def _may_mix(self) -> bool:
        return (
            len(self._settled) > 1
            and len(self._wet) >= len(self._settled[0].samples)
            and self._steady.knows(self._block_of_next())
        )

    def _block_of_next(self) -> int:
        return (self._position + len(self._settled[0].samples) // 2) // self._steady.block_frames

    def _end_of_block(self, next_block: int) -> None:
        if self._is_talk:
            self._steady.learn(self._block)
        self._steady.forget(next_block)
        self._block, self._is_talk, self._known = next_block, True, {}

    def _mix(self, piece: Piece, behind: Treatment, block: int) -> Block:
        sound, treatment, frames = piece.cell.sound, piece.treatment, len(piece.samples)
        noise = self._noise(sound, treatment, block)
        self._is_talk &= treatment is Treatment.VOICE and sound not in _MUSIC
        self._stretches.add(piece.cell, frames, self._models(treatment, knows_noise=noise is not None))
        wet = self._wet.take(frames)
        mixed = self._mixer.process(piece, wet, self._before or treatment, behind, noise)
        self._before = treatment
        self._position += frames
        return mixed

    def _models(self, treatment: Treatment, *, knows_noise: bool) -> tuple[str, ...]:
        """Those that change anything; in speech over music the network does only what the filter leaves it."""
        if treatment is Treatment.VOICE:
            return (self._name,)
        if not knows_noise:
            return ()
        return (self._name, _FILTER) if treatment is Treatment.BED else (_FILTER,)

    def _noise(self, sound: Sound, treatment: Treatment, block: int) -> NoiseFloor | None:
        if treatment is Treatment.VOICE:
            return None
        if sound not in self._known:
            self._known[sound] = (
                self._steady.under_music(block, with_speech=sound is Sound.SPEECH_OVER_MUSIC)
                if sound in _MUSIC
                else self._steady.without_music(block)
            )
        return self._known[sound]
