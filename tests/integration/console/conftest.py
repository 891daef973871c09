"""The real directory, as its own tests start it."""

from tests.integration.directory.conftest import directory, town

__all__ = ["directory", "town"]
