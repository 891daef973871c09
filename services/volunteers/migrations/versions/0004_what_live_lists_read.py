"""The tasks that changed last are read every second while somebody looks (ADR 0022)."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index; `docs/operations.md` says how long tasks wait for it."""
    op.execute("CREATE INDEX task_changed ON task (community, updated_at)")
