"""Alembic's entry: the tables of the volunteers service, run as `shared.migrations` says."""

from services.volunteers.store.tables import metadata
from shared import migrations

migrations.run(metadata)
