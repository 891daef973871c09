"""Alembic's entry: the tables of the requests service, run as `shared.migrations` says."""

from services.requests.store.tables import metadata
from shared import migrations

migrations.run(metadata)
