"""The process between menu and daemon: it answers effects, keeps late results, and writes them back."""
