"""Separation without a trained model: which bin belongs to which stem, told from physics alone.

Percussion is broad in frequency and short in time, a bass is the lowest pitch in the mix, a lead voice
stands in the centre and does not repeat; what remains is everything else. The quality is far below that of a
trained model.

`stream` takes a track through `short_time` spectra in chunks; `shares` divides each bin among the stems from
`percussion`, `pitch`, `repetition` and `panning`; all lean on `medians`.
"""

from unmix_models.separate.dsp.separator import DspSeparator, load
from unmix_models.separate.dsp.stream import DspStream

__all__ = ["DspSeparator", "DspStream", "load"]
