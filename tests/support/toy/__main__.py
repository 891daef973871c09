"""The toy as a process of its own: `python -m tests.support.toy`."""

from shared.process import serve
from shared.settings import ServiceSettings
from tests.support.toy.app import create_app
from tests.support.toy.events import known_contracts

if __name__ == "__main__":
    with known_contracts():
        serve(create_app, ServiceSettings())
