"""What a worker loads: Django set up, then the tasks (`celery --app … worker`)."""

import django

django.setup()

from tests.benchmarks.celery_app import tasks  # noqa: E402 - models need a Django set up
from tests.benchmarks.celery_app.queues import app  # noqa: E402

__all__ = ["app", "tasks"]
