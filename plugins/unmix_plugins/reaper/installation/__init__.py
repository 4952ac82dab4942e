"""What `unmix reaper install` changes, takes back and checks."""
