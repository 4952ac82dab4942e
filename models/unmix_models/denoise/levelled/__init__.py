"""Every voice at one level, around zero, for the networks that denoise."""
