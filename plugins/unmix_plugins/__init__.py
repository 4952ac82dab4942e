"""What runs on the user's side: the client library, the `unmix` command, and the editors' plugins.

It knows the contract (`unmix.v1`) and nothing of the daemon's inside: no numpy, no media, no models.
Start with `unmix_plugins.client.Client`.
"""

import os

# Before anybody imports gRPC, which else tells of each handshake with a stranger on the standard error.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
