"""unmixd: the resident daemon. A front without torch, and one worker process for each device."""
