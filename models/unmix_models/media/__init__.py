"""Every audio file in, as blocks of float32; every result out, to a seekable file object."""

from ._formats import FORMATS, OutputFormat, OutputSpec, resolve_output
from ._reader import AudioReader, open_reader
from ._section import Section
from ._source import MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, Metadata
from ._writer import AudioWriter, open_writer

__all__ = [
    "FORMATS",
    "MAX_CHANNELS",
    "MAX_SAMPLE_RATE",
    "MIN_SAMPLE_RATE",
    "AudioReader",
    "AudioWriter",
    "Metadata",
    "OutputFormat",
    "OutputSpec",
    "Section",
    "open_reader",
    "open_writer",
    "resolve_output",
]
