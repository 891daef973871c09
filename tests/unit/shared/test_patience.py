"""Whoever fails waits longer each time, and never for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from shared.patience import WINDOW, Failures, TooManyAttempts, address_of, require_patience

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def waits(count: int, passed: timedelta) -> int:
    try:
        require_patience(Failures(count, NOW - passed), free_tries=5, now=NOW)
    except TooManyAttempts as refusal:
        return refusal.retry_after_seconds or 0
    return 0


@given(st.integers(0, 500), st.timedeltas(timedelta(0), WINDOW))
def test_patience_grows_with_failures_and_never_locks_for_ever(count, passed) -> None:
    assert waits(count, passed) <= waits(count + 1, passed) <= WINDOW.total_seconds() + 1
    assert waits(count, WINDOW) == 0
    assert count >= 5 or waits(count, passed) == 0


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2::7", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::9", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::7", 1), "2001:db8:1:3::/64"),
        (("::ffff:192.0.2.7", 1), "::ffff:192.0.2.7"),
        (("testclient", 1), "testclient"),
        (None, ""),
    ],
)
async def test_all_addresses_of_one_household_count_as_one(client, counted: str) -> None:
    assert await address_of(Request({"type": "http", "client": client})) == counted
