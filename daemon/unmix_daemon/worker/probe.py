"""`python -m unmix_daemon.worker.probe`: print the machine's devices as JSON and end.

A process of its own, as it imports inference runtimes, and no more than those: the first call waits for it.
"""

import json
from dataclasses import asdict

from unmix_models.devices import probe

from unmix_daemon.worker.pipe import own_stdout, write


def main() -> None:
    """Entry point."""
    pipe = own_stdout()
    write(pipe, json.dumps([asdict(device) for device in probe()]).encode())


if __name__ == "__main__":
    main()
