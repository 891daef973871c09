"""What is resolved closes by itself when nobody answers."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "ALTER TABLE service_request ADD COLUMN closes_at timestamptz",
    """
    ALTER TABLE step DROP CONSTRAINT step_via_check,
        ADD CONSTRAINT step_via_check CHECK (via IN ('slip', 'timeout'))
    """,
    "SELECT set_config('app.communities', '*', true)",
    """
    UPDATE service_request SET closes_at = now() + interval '7 days' WHERE status = 'resolved'
    """,
    "SELECT set_config('app.communities', '', true)",
    "CREATE INDEX service_request_closes ON service_request (closes_at) WHERE status = 'resolved'",
)


def upgrade() -> None:
    """Add it; what waits for an answer already waits seven days more, and says so from now on."""
    for statement in STATEMENTS:
        op.execute(statement)
