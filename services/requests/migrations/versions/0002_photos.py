"""Photos of requests."""

from services.requests.store.tables import photo
from shared.photos.migration import create_photos

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of photos."""
    create_photos(photo, "service_request")
