-- The tables of everybody but us: what the work needs, with the same keys and the same ledger as
-- ours, without search, history of cycles and the walls between communities.
CREATE TABLE rule (
    community text, code text, points_base integer NOT NULL, points_per_hour integer NOT NULL,
    largest_points integer NOT NULL, PRIMARY KEY (community, code));

CREATE TABLE service_request (
    community text NOT NULL, id uuid PRIMARY KEY, number text NOT NULL, category text NOT NULL,
    requester_id uuid NOT NULL, taker_id uuid NOT NULL, service_minutes integer NOT NULL,
    points_rule text NOT NULL, status text NOT NULL, version integer NOT NULL,
    closed_at timestamptz, updated_at timestamptz NOT NULL);

CREATE TABLE step (
    request_id uuid REFERENCES service_request, version integer, community text NOT NULL,
    kind text NOT NULL, by uuid NOT NULL, at timestamptz NOT NULL,
    PRIMARY KEY (request_id, version));

CREATE TABLE outbox (
    event_id uuid PRIMARY KEY, position bigint GENERATED ALWAYS AS IDENTITY,
    subject text NOT NULL, body text NOT NULL, sent_at timestamptz);
CREATE INDEX outbox_unsent ON outbox (position) WHERE sent_at IS NULL;

CREATE TABLE inbox (event_id uuid, consumer text, PRIMARY KEY (event_id, consumer));

CREATE TABLE account (
    community text NOT NULL, id uuid PRIMARY KEY, owner_kind text NOT NULL,
    owner_id uuid NOT NULL, shard smallint NOT NULL,
    balance bigint NOT NULL CHECK (owner_kind = 'issuer' OR balance >= 0),
    UNIQUE (community, owner_id, shard))
WITH (fillfactor = 70);

CREATE TABLE award (
    community text NOT NULL, id uuid PRIMARY KEY, request_id uuid NOT NULL,
    taker_id uuid NOT NULL, rule text NOT NULL, points integer NOT NULL CHECK (points > 0),
    account_id uuid NOT NULL REFERENCES account, awarded_at timestamptz NOT NULL,
    UNIQUE (community, request_id, taker_id, rule));

CREATE TABLE transfer (
    community text NOT NULL, id uuid PRIMARY KEY,
    debit_account uuid NOT NULL REFERENCES account,
    credit_account uuid NOT NULL REFERENCES account,
    amount integer NOT NULL CHECK (amount > 0),
    award_id uuid NOT NULL UNIQUE REFERENCES award, occurred_at timestamptz NOT NULL);
CREATE INDEX transfer_credit ON transfer (credit_account, id);

CREATE TABLE notice (
    id uuid PRIMARY KEY DEFAULT uuidv7(), community text NOT NULL, request_id uuid NOT NULL,
    recipient_id uuid NOT NULL, kind text NOT NULL, details jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (request_id, recipient_id, kind));
CREATE INDEX notice_inbox ON notice (recipient_id, id);
