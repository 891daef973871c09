"""Owns the web pages; holds no data of its own, and no business rules."""
