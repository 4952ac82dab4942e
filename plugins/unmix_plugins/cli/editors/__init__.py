"""`unmix audacity` and `unmix reaper`."""
