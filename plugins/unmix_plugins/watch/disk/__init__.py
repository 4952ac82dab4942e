"""The disks below watched folders: whether they are there, and steps on them that are whole or not at all."""
