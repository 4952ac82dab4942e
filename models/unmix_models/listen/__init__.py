"""A first look at a recording: `content` tells speech from music by `sound_traits`, and finds the `noise_floor`.

All look through the same `windows`. Nothing is imported here, so that each costs what it costs alone.
"""
