"""Dead letters are kept by the service that buried them (ADR 0019)."""

from shared.migrations import create_dead_letters

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; what was buried before stays in the stream DLQ alone."""
    create_dead_letters()
