"""unmix inside Audacity: what `unmix audacity` puts there, and the bridge that answers it."""
