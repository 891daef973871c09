"""Rules, accounts, awards and the ledger of transfers."""

from alembic import op

from services.points.store.tables import account, award, rule, settled_cycle, transfer
from shared.migrations import create_common_tables, protect

revision = "0001"
down_revision = None

RULE = """
CREATE TABLE rule (
    community text, code text, version integer CHECK (version >= 1),
    valid_from timestamptz NOT NULL,
    points_base integer NOT NULL CHECK (points_base >= 0),
    points_per_hour integer NOT NULL CHECK (points_per_hour >= 0),
    largest_points integer NOT NULL CHECK (largest_points >= 0),
    PRIMARY KEY (community, code, version))
"""

# The balance of a taker is never negative. Nothing is spent yet; the issue that brings the points
# store must decide what a reversal does to points that are spent already (a debt, or a lower
# award next time), because this CHECK then sends such a reopening to the dead letters.
# Updates find room on the same page (fillfactor): balances change with every award.
ACCOUNT = """
CREATE TABLE account (
    community text, id uuid,
    owner_kind text NOT NULL CHECK (owner_kind IN ('person', 'organisation', 'issuer')),
    owner_id uuid NOT NULL,
    shard smallint NOT NULL CHECK (owner_kind = 'issuer' OR shard = 0),
    balance bigint NOT NULL CHECK (owner_kind = 'issuer' OR balance >= 0),
    awarded bigint NOT NULL CHECK (awarded >= 0),
    reversed bigint NOT NULL CHECK (reversed >= 0),
    PRIMARY KEY (community, id))
WITH (fillfactor = 70)
"""
ACCOUNT_COMMENT = """
COMMENT ON TABLE account IS
    'Kept balances and totals: always the sums of the account''s transfers.'
"""

SETTLED_CYCLE = """
CREATE TABLE settled_cycle (
    community text, request_id uuid, cycle integer CHECK (cycle >= 1),
    reopened boolean NOT NULL,
    PRIMARY KEY (community, request_id, cycle))
"""
SETTLED_CYCLE_COMMENT = """
COMMENT ON TABLE settled_cycle IS
    'Where the closing and the reopening of a cycle meet, whichever comes first.'
"""

# No foreign key to `rule`: its rows are never changed or removed, and a check would have every
# replica lock the same row for every award.
AWARD = """
CREATE TABLE award (
    community text, id uuid,
    request_id uuid NOT NULL, cycle integer NOT NULL CHECK (cycle >= 1),
    taker_kind text NOT NULL CHECK (taker_kind IN ('person', 'organisation')),
    taker_id uuid NOT NULL,
    rule text NOT NULL, rule_version integer NOT NULL,
    points integer NOT NULL CHECK (points > 0),
    service_minutes integer NOT NULL CHECK (service_minutes >= 0),
    status text NOT NULL CHECK (status IN ('standing', 'reversed')),
    account_id uuid NOT NULL, awarded_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, account_id) REFERENCES account (community, id))
"""

TRANSFER = """
CREATE TABLE transfer (
    community text, id uuid,
    debit_account uuid NOT NULL, credit_account uuid NOT NULL,
    amount integer NOT NULL CHECK (amount > 0),
    kind text NOT NULL CHECK (kind IN ('award', 'reversal')),
    award_id uuid NOT NULL, occurred_at timestamptz NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, debit_account) REFERENCES account (community, id),
    FOREIGN KEY (community, credit_account) REFERENCES account (community, id),
    FOREIGN KEY (community, award_id) REFERENCES award (community, id),
    CHECK (debit_account <> credit_account))
"""
TRANSFER_COMMENT = """
COMMENT ON TABLE transfer IS
    'The ledger: insert-only. Each statement line is in exactly one of the two indexes.'
"""

INDEXES = """
CREATE UNIQUE INDEX account_owner ON account (community, owner_kind, owner_id, shard);
CREATE UNIQUE INDEX award_key
    ON award (community, request_id, cycle, taker_kind, taker_id, rule);
CREATE UNIQUE INDEX transfer_key ON transfer (community, award_id, kind);
CREATE INDEX transfer_awarded
    ON transfer (community, credit_account, id) WHERE kind = 'award';
CREATE INDEX transfer_reversed
    ON transfer (community, debit_account, id) WHERE kind = 'reversal'
"""


def upgrade() -> None:
    """Make the tables; rules and transfers are written once and never changed."""
    create_common_tables()
    tables = (RULE, ACCOUNT, SETTLED_CYCLE, AWARD, TRANSFER)
    for statement in (*tables, ACCOUNT_COMMENT, SETTLED_CYCLE_COMMENT, TRANSFER_COMMENT):
        op.execute(statement)
    for index in INDEXES.split(";"):
        op.execute(index)
    for table in (account, award, settled_cycle):
        protect(table, grants="SELECT, INSERT, UPDATE")
    for table in (rule, transfer):
        protect(table, grants="SELECT, INSERT")
