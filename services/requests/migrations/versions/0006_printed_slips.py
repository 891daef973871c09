"""Who printed which slip: whoever prints one knows its code, and could use it unseen."""

from alembic import op

from services.requests.store.tables import printed_slip
from shared.migrations import protect

revision = "0006"
down_revision = "0005"

PRINTED_SLIP = """
CREATE TABLE printed_slip (
    community text, id uuid, request_id uuid NOT NULL,
    version integer NOT NULL, cycle integer NOT NULL,
    printed_by uuid NOT NULL, printed_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, request_id) REFERENCES service_request (community, id))
"""
WHAT_IS_THERE = """
INSERT INTO printed_slip (community, id, request_id, version, cycle, printed_by, printed_at)
SELECT slip.community, uuidv7(), slip.request_id, before.version, before.cycle, made_by, made_at
FROM slip CROSS JOIN LATERAL (
    SELECT version, cycle FROM step
    WHERE step.community = slip.community AND step.request_id = slip.request_id
      AND step.at <= slip.made_at
    ORDER BY version DESC LIMIT 1) AS before
"""
STATEMENTS = (
    PRINTED_SLIP,
    "CREATE INDEX printed_slip_request ON printed_slip (community, request_id)",
    "COMMENT ON TABLE printed_slip IS 'Who printed which slip; inserted, never changed.'",
    "SELECT set_config('app.communities', '*', true)",
    WHAT_IS_THERE,
    "SELECT set_config('app.communities', '', true)",
)


def upgrade() -> None:
    """Add it, with the slips that are good now; it only grows."""
    for statement in STATEMENTS:
        op.execute(statement)
    protect(printed_slip, grants="SELECT, INSERT")
