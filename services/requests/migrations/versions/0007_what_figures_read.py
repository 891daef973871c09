"""Indexes of the figures: what was due in a period, and what was never taken in."""

from alembic import op

revision = "0007"
down_revision = "0006"

INDEXES = (
    "CREATE INDEX service_request_clock ON service_request (community, due_at, id)",
    """
    CREATE INDEX service_request_untaken ON service_request (community, id)
    WHERE registered_at IS NULL
    """,
)


def upgrade() -> None:
    """Add them; while they are made, requests are read and not changed."""
    for statement in INDEXES:
        op.execute(statement)
