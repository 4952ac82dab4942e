"""The client library: `Client` and nothing else; what it gives and takes is in the modules beside it."""

from unmix_plugins.client._client import Client

__all__ = ["Client"]
