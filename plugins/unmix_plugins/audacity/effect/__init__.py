"""What an effect in the menu says, and how it is answered."""
