"""What callers send and see of the directory."""
