"""Requests, their steps, the catalogue and the search words."""

from alembic import op

from services.requests.store.tables import (
    category,
    handler,
    numbering,
    search_word,
    service_request,
    step,
)
from shared.migrations import create_common_tables, protect

revision = "0001"
down_revision = None

BIGRAMS = """
CREATE FUNCTION bigrams(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(DISTINCT substr(folded, n, 2)), '{}')
    FROM (SELECT lower(regexp_replace(words, '\\s+', '', 'g')) AS folded) AS one,
         LATERAL generate_series(1, length(folded) - 1) AS n)
"""

CATEGORY = """
CREATE TABLE category (
    community text, code text,
    title_zh text NOT NULL, title_en text NOT NULL,
    points_rule text,
    visibility text NOT NULL CHECK (visibility IN ('public', 'private')),
    evidence_needed text NOT NULL CHECK (evidence_needed IN ('none', 'note', 'photo')),
    takers_wanted smallint NOT NULL CHECK (takers_wanted BETWEEN 1 AND 100),
    active boolean NOT NULL,
    PRIMARY KEY (community, code))
"""

NUMBERING = """
CREATE TABLE numbering (
    community text, year smallint, last integer NOT NULL, PRIMARY KEY (community, year))
"""

SERVICE_REQUEST = """
CREATE TABLE service_request (
    community text, id uuid,
    number text NOT NULL, category text NOT NULL, description text NOT NULL,
    place_id uuid NOT NULL, requester_id uuid NOT NULL, filed_by uuid NOT NULL,
    visibility text NOT NULL, evidence_needed text NOT NULL, points_rule text,
    takers_wanted smallint NOT NULL,
    status text NOT NULL, version integer NOT NULL, cycle integer NOT NULL CHECK (cycle >= 1),
    work jsonb NOT NULL, handler_ids uuid[] NOT NULL, task_version integer NOT NULL,
    offered_to jsonb,
    verified_by uuid, stars smallint CHECK (stars BETWEEN 1 AND 5),
    closed_at timestamptz, closed_as text,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, category) REFERENCES category (community, code),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)))
"""

INDEXES = """
CREATE UNIQUE INDEX service_request_number ON service_request (community, number);
CREATE INDEX service_request_status ON service_request (community, status, id);
CREATE INDEX service_request_requester ON service_request (community, requester_id, id);
CREATE INDEX service_request_filed_by ON service_request (community, filed_by, id);
CREATE INDEX service_request_place ON service_request (community, place_id, id)
"""

STEP = """
CREATE TABLE step (
    community text, request_id uuid, version integer,
    cycle integer NOT NULL, kind text NOT NULL, by uuid, at timestamptz NOT NULL,
    note text NOT NULL,
    PRIMARY KEY (community, request_id, version),
    FOREIGN KEY (community, request_id) REFERENCES service_request (community, id))
"""

HANDLER = """
CREATE TABLE handler (
    community text, person_id uuid, request_id uuid,
    PRIMARY KEY (community, person_id, request_id))
"""
HANDLER_INDEX = "CREATE INDEX handler_request ON handler (community, request_id)"

SEARCH_WORD = """
CREATE TABLE search_word (
    community text, word text, request_id uuid, PRIMARY KEY (community, word, request_id))
"""
COMMENTS = (
    "COMMENT ON TABLE handler IS 'Who handles which request, found by person.'",
    """COMMENT ON TABLE search_word IS
    'Two-character words of the descriptions; plain equality passes row-level security.'""",
)


def upgrade() -> None:
    """Make the tables; history is written once and never changed."""
    create_common_tables()
    tables = (CATEGORY, NUMBERING, SERVICE_REQUEST, STEP, SEARCH_WORD, HANDLER)
    for statement in (BIGRAMS, *tables, *INDEXES.split(";"), HANDLER_INDEX, *COMMENTS):
        op.execute(statement)
    for table in (category, handler, numbering, search_word, service_request):
        protect(table)
    protect(step, grants="SELECT, INSERT")
