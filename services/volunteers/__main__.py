"""Starts the volunteers service: `python -m services.volunteers`."""

from services.volunteers.app import create_app
from services.volunteers.settings import Settings
from shared.process import serve

if __name__ == "__main__":
    serve(create_app, Settings())
