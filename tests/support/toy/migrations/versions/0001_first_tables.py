from alembic import op

from shared.migrations import create_common_tables, protect
from tests.support.toy.tables import caught, note

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_common_tables()
    for table in (caught, note):
        table.create(op.get_bind())
        protect(table)
