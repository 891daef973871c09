"""Ids are ordered by the time they were made, and partitions are cut by it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.ids import first_id_at, id_of_change, new_id

days = st.dates(date(1971, 1, 1), date(9990, 1, 1))
moments = st.builds(datetime.combine, days, st.times(timezones=st.just(UTC)))


def milliseconds(one: UUID) -> int:
    return one.int >> 80


def test_ids_are_made_in_order_and_never_twice() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_a_uuidv7_of_now() -> None:
    before = clock.now()
    one = new_id()
    assert type(one) is UUID
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert first_id_at(before) <= one < first_id_at(clock.now() + timedelta(milliseconds=1))


@given(moments)
def test_the_first_id_of_a_moment_is_a_uuidv7_of_that_millisecond(moment: datetime) -> None:
    one = first_id_at(moment)
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert abs(milliseconds(one) - moment.timestamp() * 1000) <= 1


@given(moments, st.integers(0, 2**74 - 1))
def test_no_id_of_that_moment_is_smaller(moment: datetime, rest: int) -> None:
    """Whatever the 74 random bits of an id are."""
    first = first_id_at(moment)
    random = (rest >> 62) << 64 | rest & (2**62 - 1)
    assert first <= UUID(int=first.int | random)


@given(moments, moments)
def test_bounds_are_ordered_as_their_moments(one: datetime, other: datetime) -> None:
    if one > other:
        one, other = other, one
    assert first_id_at(one) <= first_id_at(other)


@given(days)
def test_a_day_ends_where_the_next_one_begins(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    last = midnight + timedelta(days=1) - timedelta(milliseconds=1)
    assert first_id_at(midnight) <= first_id_at(last) < first_id_at(midnight + timedelta(days=1))
    assert milliseconds(first_id_at(midnight)) == round(midnight.timestamp() * 1000)


@given(moments, st.uuids(), st.integers(1, 2**31))
def test_the_id_of_a_change_is_one_of_its_moment_and_always_the_same(
    moment: datetime, entity_id: UUID, version: int
) -> None:
    one = id_of_change(moment, entity_id, version)
    assert one == id_of_change(moment, entity_id, version)
    assert one != id_of_change(moment, entity_id, version + 1)
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert milliseconds(one) == milliseconds(first_id_at(moment))
