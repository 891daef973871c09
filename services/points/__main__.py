"""Starts the points service: `python -m services.points`."""

from services.points.app import create_app
from services.points.settings import Settings
from shared.process import serve

if __name__ == "__main__":
    serve(create_app, Settings())
