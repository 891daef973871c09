"""Alembic's entry: the tables of the points service, run as `shared.migrations` says."""

from services.points.store.tables import metadata
from shared import migrations

migrations.run(metadata)
