"""What ears learn from and are measured by: free recordings, and programmes made of them with labels."""
