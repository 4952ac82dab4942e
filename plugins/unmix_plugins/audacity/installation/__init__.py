"""What `unmix audacity install` changes, takes back and checks."""
