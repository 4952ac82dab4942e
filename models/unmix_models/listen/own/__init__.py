"""An ear of our own: a small network over a mel spectrogram, whose weights lie here.

Nothing is imported here, so that a recording that nobody listens to costs nothing.
"""
