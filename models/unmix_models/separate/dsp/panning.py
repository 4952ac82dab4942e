"""What stands in the centre of the stereo image, where leads, basses and drums are put.

After C. Avendano, "Frequency-domain source identification and manipulation in stereo mixes" (WASPAA 2003):
each bin's place is told from how alike its two channels are.
"""

import numpy as np

from unmix_models.separate.dsp.medians import Floats
from unmix_models.separate.dsp.short_time import Spectra

_SIDE_WEIGHT = np.float32(4)
"""Nothing of a bin is in the centre from tan²(27°) = ¼ on: constant-power panning by 27 of its 45 degrees."""
_LEAST = np.float32(1e-30)


def magnitude(spectra: Spectra) -> Floats:
    """Return the root mean square of the channels, `[hops, bins]`."""
    return np.sqrt((np.square(spectra.real) + np.square(spectra.imag)).mean(axis=0))


def centre(spectra: Spectra) -> tuple[Floats, Floats]:
    """Return the share of each bin that is in the centre, 0 to 1, and its magnitude, `[hops, bins]` each."""
    middle: Floats = _power(spectra[0] + spectra[1])
    side: Floats = _power(spectra[0] - spectra[1])
    share: Floats = np.clip(1 - np.divide(_SIDE_WEIGHT * side, middle + _LEAST), 0, 1)
    return share, np.sqrt(middle * share / 4)


def _power(spectrum: Spectra) -> Floats:
    return np.square(spectrum.real) + np.square(spectrum.imag)
