"""Denoisers: one adapter per module, each with a `load` that returns a `base.Denoiser`; `recording` runs one."""
