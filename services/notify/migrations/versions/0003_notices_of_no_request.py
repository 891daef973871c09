"""Notices that are about no request: somebody has become a volunteer."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Every notice there is names a request; from now on it need not."""
    op.execute("ALTER TABLE notice ALTER COLUMN request_id DROP NOT NULL")
