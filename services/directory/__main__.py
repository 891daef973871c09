"""Starts the directory service: `python -m services.directory`."""

from services.directory.app import create_app
from services.directory.settings import Settings
from shared.process import serve

if __name__ == "__main__":
    serve(create_app, Settings())
