"""Boundaries of places, visits, and a record of every phone that was shown."""

from alembic import op

from services.directory.store.tables import phone_reveal, visit
from shared.migrations import protect

revision = "0002"
down_revision = "0001"

BOUNDARY = "ALTER TABLE place ADD COLUMN boundary jsonb"

VISIT = """
CREATE TABLE visit (
    community text, id uuid, place_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('visit', 'phone_call', 'notice_delivered')),
    visited_at timestamptz NOT NULL, note text NOT NULL CHECK (length(note) <= 500),
    wants_follow_up boolean NOT NULL, visited_by uuid NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, place_id) REFERENCES place (community, id))
"""

PHONE_REVEAL = """
CREATE TABLE phone_reveal (
    community text, id uuid, person_id uuid NOT NULL, revealed_to uuid NOT NULL,
    reason text NOT NULL, at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, person_id) REFERENCES membership (community, person_id))
"""

REVEAL_COMMENT = """
COMMENT ON TABLE phone_reveal IS
    'Who was shown whose phone, and what for; inserted, never changed.'
"""

STATEMENTS = (
    BOUNDARY,
    VISIT,
    "COMMENT ON TABLE visit IS 'Visits to households and buildings; inserted, never changed.'",
    "CREATE INDEX visit_place ON visit (community, place_id, id)",
    PHONE_REVEAL,
    REVEAL_COMMENT,
    "CREATE INDEX phone_reveal_person ON phone_reveal (community, person_id, id)",
)


def upgrade() -> None:
    """Add what the screens of the grid worker and the desk need; both logs only grow."""
    for statement in STATEMENTS:
        op.execute(statement)
    for table in (visit, phone_reveal):
        protect(table, grants="SELECT, INSERT")
