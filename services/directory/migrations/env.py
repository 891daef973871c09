"""Alembic's entry: the tables of the directory, run as `shared.migrations` says."""

from services.directory.store.tables import metadata
from shared import migrations

migrations.run(metadata)
