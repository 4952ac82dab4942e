"""Files on the user's side: read, named, and written all at once."""
