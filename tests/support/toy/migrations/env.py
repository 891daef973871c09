from shared import migrations
from tests.support.toy.tables import metadata

migrations.run(metadata)
