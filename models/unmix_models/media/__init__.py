"""Every audio file in, as blocks of float32; every result out, to a seekable file object."""

from unmix_models.media._formats import FORMATS, OutputFormat, OutputSpec, resolve_output
from unmix_models.media._reader import AudioReader, open_reader
from unmix_models.media._section import Section
from unmix_models.media._source import MAX_CHANNELS, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, Metadata
from unmix_models.media._writer import AudioWriter, open_writer

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
