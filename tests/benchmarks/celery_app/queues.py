"""Celery's app: durable queues, confirmed publishing, acknowledged after the work."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.celery_app.settings")

app = Celery("benchmark", broker=os.environ["AMQP_URL"])
# Else the workers would open a new connection to the database for every task.
app.conf["CELERY_DB_REUSE_MAX"] = 100_000
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
    task_queues=[Queue("points", durable=True), Queue("notify", durable=True)],
    task_routes={"award": {"queue": "points"}, "tell": {"queue": "notify"}},
    task_default_delivery_mode="persistent",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    worker_send_task_events=False,
)
