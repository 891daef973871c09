"""A page ends where the next one begins, and the last one says so."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared import ids
from shared.pages import Page, PageQuery


def page_after(rows: list[UUID], after: UUID | None, limit: int) -> Page[UUID]:
    """As a store reads: newest first, and one more than wanted."""
    read = sorted((one for one in rows if after is None or one < after), reverse=True)[: limit + 1]
    return Page[UUID].of(read, read, limit)


@given(st.integers(0, 40), st.integers(1, 12))
def test_pages_together_are_the_whole_list_once(count: int, limit: int) -> None:
    rows = [ids.new_id() for _ in range(count)]
    seen: list[UUID] = []
    after, pages = None, 0
    while True:
        page = page_after(rows, after, limit)
        seen += page.items
        pages += 1
        after = page.next
        if after is None:
            break
        assert len(page.items) == limit
    assert seen == sorted(rows, reverse=True)
    assert pages == max(1, -(-count // limit))


def test_a_full_last_page_says_that_it_is_the_last() -> None:
    rows = [ids.new_id() for _ in range(3)]
    assert page_after(rows, None, 3).next is None
    assert page_after(rows, None, 2).next == sorted(rows)[1]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"after": "1"}])
def test_a_page_that_nobody_can_give_is_refused(query: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PageQuery.model_validate(query)


def test_a_page_is_fifty_unless_one_says_otherwise() -> None:
    assert PageQuery() == PageQuery(after=None, limit=50)
