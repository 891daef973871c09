"""Notices and the numbers of requests."""

from alembic import op

from services.notify.store.tables import notice, request_number
from shared.migrations import create_common_tables, protect

revision = "0001"
down_revision = None

REQUEST_NUMBER = """
CREATE TABLE request_number (
    community text, request_id uuid, number text NOT NULL, PRIMARY KEY (community, request_id))
"""

NOTICE = """
CREATE TABLE notice (
    community text, id uuid DEFAULT uuidv7(),
    event_id uuid NOT NULL, recipient_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('inbox')),
    kind text NOT NULL, request_id uuid NOT NULL, details jsonb NOT NULL,
    occurred_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_at timestamptz,
    PRIMARY KEY (community, id),
    CONSTRAINT notice_once UNIQUE (community, event_id, recipient_id, channel))
"""

INDEXES = """
CREATE INDEX notice_inbox ON notice (recipient_id, id);
CREATE INDEX notice_unread ON notice (recipient_id, id) INCLUDE (community)
    WHERE read_at IS NULL;
CREATE INDEX notice_request ON notice (community, request_id, id)
"""

COMMENTS = """
COMMENT ON TABLE request_number IS
    'The number people read, for notices whose event does not carry it.';
COMMENT ON TABLE notice IS
    'What a person was told; ids grow in the order in which notices became visible.'
"""


def upgrade() -> None:
    """Make the tables; of a notice nothing ever changes but when it was read."""
    create_common_tables()
    for statement in (REQUEST_NUMBER, NOTICE, *INDEXES.split(";"), *COMMENTS.split(";\n")):
        op.execute(statement)
    protect(request_number, grants="SELECT, INSERT")
    protect(notice, grants="SELECT, INSERT, UPDATE (read_at)")
