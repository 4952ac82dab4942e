"""`python -m unmix_daemon` is `unmixd`."""

from unmix_daemon.cli import main

if __name__ == "__main__":
    main()
