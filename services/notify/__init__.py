"""Owns notices: who is told, in which words, by which channel; never decides what happened."""
