"""Starts the notify service: `python -m services.notify`."""

from services.notify.app import create_app
from services.notify.settings import Settings
from shared.process import serve

if __name__ == "__main__":
    serve(create_app, Settings())
