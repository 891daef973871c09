"""Communities, places, organisations, people, memberships, and what signing in needs."""

from alembic import op

from services.directory.store.tables import (
    community,
    failed_sign_in,
    invitation,
    issuer_key,
    membership,
    organisation,
    person,
    place,
    refresh_token,
)
from shared.migrations import create_common_tables, protect

revision = "0001"
down_revision = None

COMPOUND_TYPES = "('unit_built', 'unmanaged', 'serviced', 'private_built')"

COMMUNITY = f"""
CREATE TABLE community (
    community text PRIMARY KEY CHECK (community ~ '^[a-z0-9-]{{1,40}}$'),
    title text NOT NULL, prefix text NOT NULL, root_id uuid NOT NULL,
    district text, subdistrict text,
    region_code text CHECK (region_code ~ '^[0-9]{{12}}$'),
    compound_type text CHECK (compound_type IN {COMPOUND_TYPES}),
    version integer NOT NULL, removed boolean NOT NULL)
"""

PLACE = f"""
CREATE TABLE place (
    community text, id uuid,
    kind text NOT NULL, parent_id uuid, title text NOT NULL, code text NOT NULL,
    compound_type text CHECK (compound_type IN {COMPOUND_TYPES}),
    version integer NOT NULL, removed boolean NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, parent_id) REFERENCES place (community, id),
    CHECK ((kind = 'community') = (parent_id IS NULL)))
"""

ORGANISATION = """
CREATE TABLE organisation (
    community text, id uuid, kind text NOT NULL, title text NOT NULL, code text NOT NULL,
    version integer NOT NULL, removed boolean NOT NULL,
    PRIMARY KEY (community, id))
"""

PERSON = """
CREATE TABLE person (
    id uuid PRIMARY KEY,
    name text NOT NULL, phone text, language text NOT NULL, login_name text,
    platform_roles text[] NOT NULL, version integer NOT NULL, removed boolean NOT NULL,
    password_hash text);
COMMENT ON TABLE person IS
    'People of the whole platform. The only home of names and phones; a later issue '
    'encrypts both columns, so nothing else may copy them.'
"""

MEMBERSHIP = """
CREATE TABLE membership (
    community text, person_id uuid REFERENCES person (id),
    roles text[] NOT NULL, organisation_ids uuid[] NOT NULL, place_id uuid,
    version integer NOT NULL, removed boolean NOT NULL,
    PRIMARY KEY (community, person_id),
    FOREIGN KEY (community, place_id) REFERENCES place (community, id))
"""

ISSUER_KEY = """
CREATE TABLE issuer_key (
    key_id text PRIMARY KEY, private_key jsonb NOT NULL, made_at timestamptz NOT NULL);
COMMENT ON TABLE issuer_key IS
    'Private keys that tokens are signed with; the newest is in use. Platform-wide.'
"""

SESSION = """
CREATE TABLE refresh_token (
    token_hash bytea PRIMARY KEY, family uuid NOT NULL,
    person_id uuid NOT NULL REFERENCES person (id),
    expires_at timestamptz NOT NULL, used_at timestamptz, revoked boolean NOT NULL);
COMMENT ON TABLE refresh_token IS
    'SHA-256 of refresh tokens. A family is one sign-in; a used token kills it.'
"""

INVITATION = """
CREATE TABLE invitation (
    community text, code_hash bytea, person_id uuid NOT NULL, made_by uuid NOT NULL,
    expires_at timestamptz NOT NULL, used_at timestamptz, resets_password boolean NOT NULL,
    PRIMARY KEY (community, code_hash),
    FOREIGN KEY (community, person_id) REFERENCES membership (community, person_id));
COMMENT ON TABLE invitation IS 'SHA-256 of one-time codes that sign a member in.'
"""

FAILED_SIGN_IN = """
CREATE TABLE failed_sign_in (id uuid PRIMARY KEY, mark bytea NOT NULL, at timestamptz NOT NULL);
COMMENT ON TABLE failed_sign_in IS
    'Failed attempts, by SHA-256 of the name or address: people type passwords as names.'
"""

INDEXES = """
CREATE UNIQUE INDEX place_code ON place (community, code) WHERE NOT removed;
CREATE INDEX place_parent ON place (community, parent_id, id);
CREATE UNIQUE INDEX organisation_code ON organisation (community, code) WHERE NOT removed;
CREATE UNIQUE INDEX person_login_name ON person (login_name);
CREATE INDEX person_phone ON person (phone);
CREATE INDEX membership_person ON membership (person_id);
CREATE INDEX membership_place ON membership (community, place_id);
CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_person ON refresh_token (person_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_at);
CREATE INDEX invitation_code ON invitation (code_hash);
CREATE INDEX invitation_person ON invitation (person_id);
CREATE INDEX failed_sign_in_mark ON failed_sign_in (mark, at)
"""

TABLES = (
    COMMUNITY,
    PLACE,
    ORGANISATION,
    PERSON,
    MEMBERSHIP,
    ISSUER_KEY,
    SESSION,
    INVITATION,
    FAILED_SIGN_IN,
    INDEXES,
)


def upgrade() -> None:
    """Make the tables; nothing of the neighbourhood is ever deleted, it becomes a tombstone."""
    create_common_tables()
    for statements in TABLES:
        for statement in statements.split(";\n"):
            op.execute(statement)
    for table in (community, place, organisation, person, membership):
        protect(table, grants="SELECT, INSERT, UPDATE")
    protect(issuer_key, grants="SELECT, INSERT")
    for table in (refresh_token, invitation):
        protect(table)
    protect(failed_sign_in, grants="SELECT, INSERT, DELETE")
