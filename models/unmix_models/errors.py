"""What can go wrong with audio and models.

    AudioError                      base: the message is for the user, in words for everywhere
    ├── InvalidAudio                these bytes cannot be processed (corrupt, empty, absurd, NaN)
    ├── InvalidSection              the recording does not have the frames that were asked for
    ├── UnsupportedFormat           the format asked for does not exist or cannot hold this audio
    ├── UnknownModel                no such name in the catalogue
    ├── ModelMissing                in the catalogue, not on this machine
    ├── InvalidWeights              the files are not what the catalogue says they are
    ├── DeviceUnavailable           the device asked for is not on this machine
    ├── OutOfMemory                 the device's memory is full, also after freeing what was idle
    ├── StorageFull                 the disk that holds the result is full
    ├── ResultTooLarge              the disk is too small for the result, however empty
    ├── TooLong                     the recording is longer than is allowed here
    └── StorageDenied               the folder may not be written

`reason` is the stable machine-readable name of each kind (google.rpc.ErrorInfo.reason), `facts` are
the names that it is about (`unmix.words.cures` lists them). Sentences say what helps ("…; get it."); how that is done
depends on where they are read, and is said there.
"""

from typing import ClassVar


class AudioError(Exception):
    """Base of everything that this package raises on purpose; `str()` is one sentence for the user."""

    reason: ClassVar[str] = "AUDIO_ERROR"

    def __init__(self, message: str = "", **facts: str) -> None:
        """`facts` are names of things, such as `model="htdemucs"`."""
        super().__init__(message)
        self.facts = facts


class InvalidAudio(AudioError):
    """The input cannot be processed: corrupt, truncated, empty, absurd header, or NaN samples."""

    reason = "INVALID_AUDIO"


class InvalidSection(AudioError):
    """The section that was asked for lies outside the recording."""

    reason = "INVALID_SECTION"


class UnsupportedFormat(AudioError):
    """The output format is unknown, or cannot hold this audio (channels, sample rate)."""

    reason = "UNSUPPORTED_FORMAT"


class UnknownModel(AudioError):
    """No model of this name is in the catalogue for this task."""

    reason = "UNKNOWN_MODEL"


class ModelMissing(AudioError):
    """The model is known but its weights are not on this machine."""

    reason = "MODEL_MISSING"


class InvalidWeights(AudioError):
    """Weight files have another hash, size or layout than the catalogue says."""

    reason = "INVALID_WEIGHTS"


class DeviceUnavailable(AudioError):
    """The device asked for is not on this machine, or its runtime is not installed."""

    reason = "DEVICE_UNAVAILABLE"


class OutOfMemory(AudioError):
    """The device has too little memory, also after idle models were unloaded and the segment halved."""

    reason = "OUT_OF_MEMORY"


class StorageFull(AudioError):
    """The file system that takes the result has no room left."""

    reason = "STORAGE_FULL"


class ResultTooLarge(AudioError):
    """The result is larger than the whole disk, or than any file on it may be."""

    reason = "RESULT_TOO_LARGE"


class TooLong(AudioError):
    """The recording lasts longer than the setting `longest` allows."""

    reason = "TOO_LONG"


class StorageDenied(AudioError):
    """The folder is read-only, or belongs to somebody else."""

    reason = "STORAGE_DENIED"
