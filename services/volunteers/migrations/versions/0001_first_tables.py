"""Tasks and their takers, hours of service, volunteers and teams."""

from alembic import op

from services.volunteers.store.tables import (
    assignment,
    service_record,
    task,
    team,
    team_member,
    volunteer,
)
from shared.migrations import create_common_tables, protect

revision = "0001"
down_revision = None

TASK = """
CREATE TABLE task (
    community text, id uuid,
    request_id uuid NOT NULL, cycle integer NOT NULL CHECK (cycle >= 1),
    number text NOT NULL, category text NOT NULL, place_id uuid,
    requester_id uuid NOT NULL, filed_by uuid NOT NULL,
    takers_wanted smallint NOT NULL CHECK (takers_wanted >= 1),
    places_free smallint NOT NULL CHECK (places_free BETWEEN 0 AND takers_wanted),
    evidence_needed text NOT NULL CHECK (evidence_needed IN ('none', 'note', 'photo')),
    state text NOT NULL
        CHECK (state IN ('open', 'claimed', 'in_progress', 'completed', 'closed', 'void')),
    listed boolean NOT NULL,
    offered_kind text CHECK (offered_kind IN ('person', 'organisation')), offered_id uuid,
    request_version integer NOT NULL, version integer NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    CHECK ((offered_kind IS NULL) = (offered_id IS NULL)),
    CHECK (place_id IS NOT NULL OR state = 'void'))
"""

ASSIGNMENT = """
CREATE TABLE assignment (
    community text, task_id uuid,
    taker_kind text CHECK (taker_kind IN ('person', 'organisation')), taker_id uuid,
    person_id uuid NOT NULL, acted uuid[] NOT NULL CHECK (person_id = ANY (acted)),
    state text NOT NULL CHECK (state IN ('claimed', 'started', 'declined', 'completed')),
    version integer NOT NULL,
    service_minutes smallint NOT NULL CHECK (service_minutes BETWEEN 0 AND 1440),
    note text NOT NULL, evidence jsonb NOT NULL, reason text NOT NULL,
    claimed_at timestamptz NOT NULL, started_at timestamptz, completed_at timestamptz,
    declined_at timestamptz,
    PRIMARY KEY (community, task_id, taker_kind, taker_id),
    FOREIGN KEY (community, task_id) REFERENCES task (community, id),
    CHECK ((state = 'completed') = (completed_at IS NOT NULL)))
"""

SERVICE_RECORD = """
CREATE TABLE service_record (
    community text, id uuid,
    person_id uuid NOT NULL, taker_kind text NOT NULL, taker_id uuid NOT NULL,
    task_id uuid NOT NULL, task_version integer NOT NULL,
    request_id uuid NOT NULL, cycle integer NOT NULL,
    service_minutes smallint NOT NULL CHECK (service_minutes BETWEEN 1 AND 1440),
    completed_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, task_id) REFERENCES task (community, id))
"""
COMMENT = """
COMMENT ON TABLE service_record IS
    'Hours of service, written once; they count while the assignment stays completed.'
"""

VOLUNTEER = """
CREATE TABLE volunteer (
    community text, person_id uuid,
    skills text[] NOT NULL, note text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused')),
    registered_by uuid NOT NULL, version integer NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (community, person_id))
"""

TEAM = """
CREATE TABLE team (
    community text, id uuid,
    title text NOT NULL, kind text NOT NULL, skills text[] NOT NULL,
    leader_id uuid NOT NULL, version integer NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (community, id))
"""

TEAM_MEMBER = """
CREATE TABLE team_member (
    community text, team_id uuid, person_id uuid,
    PRIMARY KEY (community, team_id, person_id),
    FOREIGN KEY (community, team_id) REFERENCES team (community, id))
"""

INDEXES = """
CREATE UNIQUE INDEX task_request ON task (community, request_id, cycle);
CREATE INDEX task_state ON task (community, state, id);
CREATE INDEX task_place ON task (community, place_id, id);
CREATE INDEX task_requester ON task (community, requester_id, id);
CREATE INDEX task_filed ON task (community, filed_by, id);
CREATE INDEX task_offered ON task (community, offered_id, id) WHERE offered_id IS NOT NULL;
CREATE INDEX task_free ON task (community, id)
    WHERE listed AND offered_id IS NULL AND places_free > 0
        AND state IN ('open', 'claimed', 'in_progress');
CREATE INDEX assignment_taker ON assignment (community, taker_id, task_id)
    WHERE state <> 'declined';
CREATE UNIQUE INDEX service_record_work
    ON service_record (community, task_id, taker_kind, taker_id, task_version);
CREATE INDEX service_record_person ON service_record (community, person_id, id)
"""


def upgrade() -> None:
    """Make the tables; hours of service are written once and never changed."""
    create_common_tables()
    for statement in (TASK, ASSIGNMENT, SERVICE_RECORD, COMMENT, VOLUNTEER, TEAM, TEAM_MEMBER):
        op.execute(statement)
    for index in INDEXES.split(";"):
        op.execute(index)
    for table in (task, assignment, volunteer, team, team_member):
        protect(table)
    protect(service_record, grants="SELECT, INSERT")
