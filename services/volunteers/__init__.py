"""Owns volunteers, teams and the tasks they take; never counts points."""
