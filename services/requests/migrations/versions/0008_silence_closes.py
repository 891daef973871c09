"""What is resolved closes by itself when nobody answers."""

from alembic import op

from services.requests.store.tables import watch
from shared.migrations import protect

revision = "0008"
down_revision = "0007"

WATCH = """
CREATE TABLE watch (
    name text PRIMARY KEY, seen_at timestamptz NOT NULL, rests_until timestamptz NOT NULL)
"""
STATEMENTS = (
    "ALTER TABLE service_request ADD COLUMN closes_at timestamptz",
    "SELECT set_config('app.communities', '*', true)",
    # Not all in one minute: they become events, points and notices.
    """
    UPDATE service_request
    SET closes_at = now() + interval '7 days' + random() * interval '1 day'
    WHERE status = 'resolved'
    """,
    "SELECT set_config('app.communities', '', true)",
    "CREATE INDEX service_request_closes ON service_request (closes_at) WHERE status = 'resolved'",
    WATCH,
    "COMMENT ON TABLE watch IS 'When each sweep last looked, and until when it changes nothing.'",
    # Last, for it closes the table of every history until the end. What is there keeps the
    # stricter rule that it was written under, so that nobody has to read all of it again.
    """
    ALTER TABLE step DROP CONSTRAINT step_via_check,
        ADD CONSTRAINT step_via_check CHECK (via IN ('slip', 'timeout')) NOT VALID
    """,
)


def upgrade() -> None:
    """Add it; what waits for an answer already waits seven to eight days more, and says so."""
    for statement in STATEMENTS:
        op.execute(statement)
    protect(watch, grants="SELECT, INSERT, UPDATE")
