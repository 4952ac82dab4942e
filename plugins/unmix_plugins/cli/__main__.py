"""`python -m unmix_plugins.cli` is `unmix`."""

from unmix_plugins.cli import main

if __name__ == "__main__":
    main()
