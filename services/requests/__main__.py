"""Starts the requests service: `python -m services.requests`."""

from services.requests.app import create_app
from services.requests.settings import Settings
from shared.process import serve

if __name__ == "__main__":
    serve(create_app, Settings())
