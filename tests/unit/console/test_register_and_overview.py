"""Files on their way through a form, the order of places, and communities side by side."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.clients.models.directory import ConsumerView, KeptView, LagView
from services.console.clients.models.requests import CommunityOverview, Rate
from services.console.pages.operator.overview import FIGURES, ranked, summed
from services.console.pages.operator.services import consumer_state
from services.console.pages.parts.counting import in_order
from services.console.pages.register.imports import LARGEST_FILE_BYTES, packed, unpacked


@given(st.binary(min_size=1, max_size=2000))
def test_a_file_comes_out_of_a_form_as_it_went_in(content: bytes) -> None:
    held = packed(content)
    assert held.isascii()
    assert set(held) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
    assert unpacked(held) == content


@pytest.mark.parametrize(
    "held",
    ["", "x", "%%%", "é", packed(b"a file")[:-4], packed(b"")],
)
def test_what_nobody_packed_is_no_file(held: str) -> None:
    assert unpacked(held) is None


def test_a_small_form_never_becomes_a_large_file() -> None:
    bomb = packed(b"0" * (64 * LARGEST_FILE_BYTES))
    assert len(bomb) < LARGEST_FILE_BYTES
    assert unpacked(bomb) is None
    assert zlib.crc32(unpacked(packed(b"0" * LARGEST_FILE_BYTES)) or b"") == zlib.crc32(
        b"0" * LARGEST_FILE_BYTES
    )


def test_places_are_in_the_order_in_which_people_count() -> None:
    titles = ["10栋", "2栋", "1栋2单元", "东院", "1栋"]
    assert sorted(titles, key=in_order) == ["东院", "1栋", "1栋2单元", "2栋", "10栋"]
    grids = [
        "第二十一网格",
        "第十网格",
        "第三网格",
        "第二网格",
        "第一百零五网格",
        "第十二网格",
        "第一网格",
    ]
    assert sorted(grids, key=in_order) == [
        "第一网格",
        "第二网格",
        "第三网格",
        "第十网格",
        "第十二网格",
        "第二十一网格",
        "第一百零五网格",
    ]


def test_numerals_are_counted_also_where_they_are_spelled_digit_by_digit() -> None:
    doors = ["二零一", "一百零五", "二十三", "一零二", "二〇三", "二七", "三一〇"]
    assert sorted(doors, key=in_order) == [
        "二十三",
        "二七",
        "一零二",
        "一百零五",
        "二零一",
        "二〇三",
        "三一〇",
    ]


def overview(slug: str, total: int, on_time: tuple[int, int]) -> CommunityOverview:
    numerator, denominator = on_time
    rate = numerator / denominator if denominator else None
    none = Rate(numerator=0, denominator=0, rate=None)
    return CommunityOverview(
        community=slug,
        title=slug.upper(),
        on_time_completion_rate=Rate(numerator=numerator, denominator=denominator, rate=rate),
        satisfaction_rate=none,
        **(dict.fromkeys(FIGURES, 0) | {"total_case": total}),
    )


COMMUNITIES = [overview("b", 5, (1, 2)), overview("a", 9, (0, 0)), overview("c", 5, (9, 10))]


@pytest.mark.parametrize(
    ("order", "slugs"),
    [
        ("title", "abc"),
        ("-title", "cba"),
        ("total_case", "bca"),
        ("-total_case", "acb"),
        ("on_time_completion_rate", "bca"),
        ("-on_time_completion_rate", "cba"),
        ("password", "abc"),
    ],
)
def test_communities_are_ranked_and_a_rate_of_nothing_comes_last(order: str, slugs: str) -> None:
    assert "".join(one.community for one in ranked(COMMUNITIES, order)) == slugs


def test_a_rate_of_all_is_counted_from_all_and_no_mean_of_rates() -> None:
    total = summed(COMMUNITIES)
    assert total["total_case"] == 19
    rate = total["on_time_completion_rate"]
    assert isinstance(rate, Rate)
    assert (rate.numerator, rate.denominator, rate.rate) == (10, 12, 10 / 12)
    nothing = summed([])["satisfaction_rate"]
    assert isinstance(nothing, Rate)
    assert nothing.rate is None


def consumer(
    *, stalled: bool = False, waits: bool = False, parked: int = 0, letters: int = 0
) -> ConsumerView:
    return ConsumerView(
        name="points-requests-closed",
        stream="REQUESTS",
        waits_for_database=waits,
        lag=LagView(pending=9, unacknowledged=1, is_stalled=stalled),
        kept=KeptView(parked=parked, oldest_parked_at=None, dead_letters=letters),
    )


def test_a_consumer_is_well_while_nobody_has_to_look_at_it() -> None:
    assert consumer_state(consumer()) == "well"
    assert consumer_state(consumer(parked=1)) == "failing"
    assert consumer_state(consumer(letters=1)) == "failing"
    assert consumer_state(consumer(stalled=True, letters=1)) == "unavailable"
    assert consumer_state(consumer(waits=True)) == "unavailable"
    unknown = consumer().model_copy(update={"lag": None})
    assert consumer_state(unknown) == "unknown"
