"""The contract of unmix: protocol buffers in `unmix.v1`, and where client and daemon meet on disk."""
