"""Alembic's entry: the tables of the notify service, run as `shared.migrations` says."""

from services.notify.store.tables import metadata
from shared import migrations

migrations.run(metadata)
