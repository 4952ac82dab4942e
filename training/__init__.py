"""Developers' tools that make what the models learn from; nothing here is shipped."""
