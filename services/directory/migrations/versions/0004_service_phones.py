"""The duty lines of communities and grids."""

from alembic import op

revision = "0004"
down_revision = "0003"

SERVICE_PHONE = """
ALTER TABLE place ADD COLUMN service_phone text
    CHECK (service_phone IS NULL OR kind IN ('community', 'grid'))
"""


def upgrade() -> None:
    """Add the column; nobody has a number until staff write one."""
    op.execute(SERVICE_PHONE)
