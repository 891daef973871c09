"""Limits of categories, clocks of requests, and the indexes of the desk's queues."""

from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = (
    """
    ALTER TABLE category
        ADD COLUMN limit_hours smallint CHECK (limit_hours BETWEEN 1 AND 8784)
    """,
    """
    ALTER TABLE service_request
        ADD COLUMN limit_hours smallint, ADD COLUMN registered_at timestamptz,
        ADD COLUMN due_soon_at timestamptz, ADD COLUMN due_at timestamptz
    """,
)
EVERY_COMMUNITY = "SELECT set_config('app.communities', '*', true)"
WHAT_IS_THERE = (
    """
    UPDATE category SET limit_hours = first.hours
    FROM (VALUES ('repair', 48), ('cleaning', 24), ('errand', 24), ('company', 72),
                 ('learning', 168), ('safety', 4), ('dispute', 120), ('other', 72)
         ) AS first (code, hours)
    WHERE category.code = first.code
    """,
    """
    UPDATE service_request AS request SET
        limit_hours = category.limit_hours,
        registered_at = begun.registered_at,
        due_soon_at = begun.clock_at + category.limit_hours * 0.8 * interval '1 hour',
        due_at = begun.clock_at + category.limit_hours * interval '1 hour'
    FROM category,
         (SELECT community, request_id,
                 min(at) FILTER (WHERE kind IN ('registered', 'resolved')) AS registered_at,
                 max(at) FILTER (WHERE kind IN ('registered', 'reopened')) AS clock_at
          FROM step GROUP BY community, request_id) AS begun
    WHERE begun.community = request.community AND begun.request_id = request.id
      AND category.community = request.community AND category.code = request.category
    """,
    "SELECT set_config('app.communities', '', true)",
)
INDEXES = (
    """
    CREATE INDEX service_request_unassigned ON service_request (community, id)
    WHERE status IN ('registered', 'listed')
    """,
    """
    CREATE INDEX service_request_due ON service_request (community, due_at, id)
    WHERE status IN ('registered', 'listed', 'dispatched', 'accepted', 'in_progress')
    """,
    """
    CREATE INDEX service_request_closed ON service_request (community, closed_at, id)
    WHERE closed_at IS NOT NULL
    """,
    "CREATE INDEX known_place_parent ON known_place (community, parent_id)",
)


def upgrade() -> None:
    """Add them; what is registered gets the clock it would have had.

    Each request is written once, while the service waits: `docs/operations.md` says for how long.
    """
    for statement in (*COLUMNS, EVERY_COMMUNITY, *WHAT_IS_THERE, *INDEXES):
        op.execute(statement)
