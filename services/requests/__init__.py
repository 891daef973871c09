"""Owns the life of a service request, from asking to rating; never chooses who helps."""
