"""Slips for people without an account, what was tried in vain, and which steps came by a slip."""

from alembic import op

from services.requests.store.tables import failed_follow_up, slip
from shared.migrations import protect

revision = "0003"
down_revision = "0002"

SLIP = """
CREATE TABLE slip (
    community text, request_id uuid,
    code_hash bytea NOT NULL, made_by uuid NOT NULL, made_at timestamptz NOT NULL,
    PRIMARY KEY (community, request_id),
    FOREIGN KEY (community, request_id) REFERENCES service_request (community, id));
CREATE INDEX slip_code ON slip (code_hash);
COMMENT ON TABLE slip IS
    'SHA-256 of the follow-up codes on paper; of a request the newest slip is good.'
"""

FAILED_FOLLOW_UP = """
CREATE TABLE failed_follow_up (id uuid PRIMARY KEY, mark bytea NOT NULL, at timestamptz NOT NULL);
CREATE INDEX failed_follow_up_mark ON failed_follow_up (mark, at);
COMMENT ON TABLE failed_follow_up IS
    'Follow-up codes that were tried in vain, by SHA-256 of the address, and all together.'
"""

VIA = "ALTER TABLE step ADD COLUMN via text CHECK (via = 'slip')"


def upgrade() -> None:
    """Add them; steps that were written before came from people who were signed in."""
    for statements in (SLIP, FAILED_FOLLOW_UP, VIA):
        for statement in statements.split(";\n"):
            op.execute(statement)
    protect(slip)
    protect(failed_follow_up, grants="SELECT, INSERT, DELETE")
