"""Steps of an installation that run in a process of their own, as they read what strangers have made."""

from unmix_models.child._running import run

__all__ = ["run"]
