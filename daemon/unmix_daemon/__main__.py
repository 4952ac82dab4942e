"""`python -m unmix_daemon` is `unmixd`."""

from .cli import main

if __name__ == "__main__":
    main()
