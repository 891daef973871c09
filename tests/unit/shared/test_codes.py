"""Codes on paper: however somebody reads and types them."""

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.codes import LETTERS, code_hash, new_code, typed_code, without_codes
from shared.telemetry import tracer_provider

FULL_WIDTH = str.maketrans({one: chr(ord(one) + 0xFEE0) for one in LETTERS})


@given(st.text("-  aA7qQ0oO1iIlL", max_size=30))
def test_a_code_is_the_same_however_it_is_typed(code: str) -> None:
    assert (
        typed_code(code)
        == typed_code(code.lower().replace("-", " "))
        == typed_code(typed_code(code))
    )


@given(st.text())
def test_whatever_is_typed_has_a_hash(code: str) -> None:
    assert len(code_hash(code)) == 32


def test_a_new_code_is_random_and_easy_to_type() -> None:
    codes = {new_code(12) for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4]
        assert set(code) <= {*LETTERS, "-"}
        misread = code.replace("0", "O").replace("1", "l")
        for typed in (code.lower(), code.replace("-", ""), misread, code.translate(FULL_WIDTH)):
            assert code_hash(f" {typed}\n") == code_hash(code)


def test_five_bits_a_letter() -> None:
    assert len(set(LETTERS)) == len(LETTERS) == 2**5
    assert not set(LETTERS) & set("OIL")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/f/7KQ2-M9XA-04TF", "/f/…"),
        ("/api/requests/follow-up/7KQ2-M9XA-04TF", "/api/requests/follow-up/…"),
        ("/api/requests/follow-up/7KQ2-M9XA-04TF/rate", "/api/requests/follow-up/…/rate"),
        ("/api/requests/wenhua/requests", "/api/requests/wenhua/requests"),
        ("/for/me", "/for/me"),
    ],
)
def test_no_code_is_in_a_log(path: str, told: str) -> None:
    assert without_codes(path) == told


async def test_no_code_is_in_a_trace() -> None:
    provider, exporter = tracer_provider("toy", otlp_endpoint=None, ratio=1), InMemorySpanExporter()
    provider.sampler = ALWAYS_ON  # without an endpoint nothing is recorded
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = FastAPI(telemetry={"tracer_provider": provider, "metrics": False, "logs": False})

    @app.get("/follow-up/{code}")
    async def follow_up(code: str) -> str:
        return code

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        answer = await client.get("/follow-up/7KQ2-M9XA-04TF")
    assert answer.status_code == 200
    spans = exporter.get_finished_spans()
    assert "/follow-up/…" in [(one.attributes or {}).get("url.path") for one in spans]
    assert not any("7KQ2" in f"{one.name} {dict(one.attributes or {})}" for one in spans)
