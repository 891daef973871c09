"""Owns places, organisations, people, roles and sign-in; never knows what anybody asked for."""
