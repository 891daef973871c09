"""Reads a page of figures as Prometheus does."""

from collections.abc import Iterator

import httpx
from fastapi import FastAPI
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


async def page_of(app: FastAPI) -> str:
    """What `/metrics` of a running service says."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == httpx.codes.OK
    return answer.text


def families(page: str) -> Iterator[Metric]:
    return text_string_to_metric_families(page)


async def figure(app: FastAPI, name: str, **labels: str) -> float | None:
    """One figure of a running service, or None when there is none with these labels."""
    for family in families(await page_of(app)):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None
