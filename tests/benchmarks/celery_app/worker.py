"""What a worker loads: Django set up, then the tasks (`celery --app … worker`)."""

import django

django.setup()

from tests.benchmarks.celery_app import app, tasks  # noqa: E402 - models need a Django set up

__all__ = ["app", "tasks"]
