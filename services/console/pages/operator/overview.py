"""The communities of the platform side by side, as a page and as a file."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Response

from services.console.clients.models.requests import CommunityOverview, Rate
from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared.csv_text import csv_file

__all__ = ["FIGURES", "RATES", "ranked", "router", "summed"]

router = APIRouter()

FIGURES: Final[Mapping[str, str]] = {
    "processing": N_("处理中"),
    "added_today": N_("今日新增"),
    "solved_today": N_("今日办结"),
    "pending": N_("待受理"),
    "total_case": N_("累计上报"),
    "total_accepted": N_("累计受理"),
    "total_solved": N_("累计办结"),
}
"""What a district's dashboard reads (`DOMAIN.md` §3.2), by its name in the API."""

RATES: Final[Mapping[str, str]] = {
    "on_time_completion_rate": N_("按时办结率"),
    "satisfaction_rate": N_("满意率"),
}
DAYS: Final[Mapping[str, str]] = {
    "7": N_("近7天"),
    "30": N_("近30天"),
    "365": N_("近一年"),
}
"""How far back the rates look."""

USUAL_DAYS: Final = "30"
TITLE: Final = "title"
DESCENDING: Final = "-"


@router.get("/operator")
async def overview(visitor: SignedIn) -> Response:
    """Every community with its figures, and whether each service is well."""
    found, communities, health = await asyncio.gather(
        part(_figures(visitor)),
        part(visitor.services.directory.list_communities(visitor.caller)),
        visitor.services.connection.health(),
    )
    return visitor.page(
        "operator/overview.html",
        figures=found,
        rows=ranked(found.value or (), _order(visitor)),
        total=summed(found.value or ()),
        communities=communities,
        health=health,
        order=_order(visitor),
        days=_days(visitor),
        spans=DAYS,
        counts=FIGURES,
        rates=RATES,
    )


@router.get("/operator/communities.csv")
async def export(visitor: SignedIn) -> Response:
    """The table as a file; each rate with what it was counted from."""
    _ = visitor.gettext
    found = ranked(await _figures(visitor), _order(visitor))
    rates = [
        _(word) + _(side) for word in RATES.values() for side in (N_("（分子）"), N_("（分母）"))
    ]
    header = [_("编码"), _("社区"), *(_(word) for word in FIGURES.values()), *rates]
    lines = [[one.community, one.title, *map(str, _numbers(one))] for one in found]
    name = f'attachment; filename="jinlin-communities-{_days(visitor)}-days.csv"'
    headers = {"content-disposition": name, "cache-control": "no-store"}
    return Response(csv_file([header, *lines]), 200, headers, "text/csv; charset=utf-8")


def ranked(found: Sequence[CommunityOverview], order: str) -> list[CommunityOverview]:
    """In the order of one column; `-` before its name turns it round.

    A rate of nothing comes last either way. An unknown column is no order: by title.
    """
    name, is_turned = order.removeprefix(DESCENDING), order.startswith(DESCENDING)
    by_title = sorted(found, key=lambda one: (one.title, one.community), reverse=is_turned)
    value = _value_of(name)
    if value is None:
        return by_title
    told = [one for one in by_title if value(one) is not None]
    silent = [one for one in by_title if value(one) is None]
    return sorted(told, key=lambda one: value(one) or 0, reverse=is_turned) + silent


def summed(found: Sequence[CommunityOverview]) -> Mapping[str, int | Rate]:
    """The figures of all together; a rate is of all that its communities counted it from."""
    counts = {name: sum(getattr(one, name) for one in found) for name in FIGURES}
    rates = {name: _joined([getattr(one, name) for one in found]) for name in RATES}
    return counts | rates


async def _figures(visitor: Visitor) -> list[CommunityOverview]:
    return await visitor.services.requests.compare_communities(
        visitor.caller, days=int(_days(visitor))
    )


def _days(visitor: Visitor) -> str:
    wanted = visitor.parameter("days")
    return wanted if wanted in DAYS else USUAL_DAYS


def _order(visitor: Visitor) -> str:
    wanted = visitor.parameter("sort")
    return wanted if wanted.removeprefix(DESCENDING) in {*FIGURES, *RATES, TITLE} else TITLE


def _value_of(name: str) -> Callable[[CommunityOverview], float | None] | None:
    """What a column has of a community."""
    if name in RATES:
        return lambda one: getattr(one, name).rate
    if name in FIGURES:
        return lambda one: getattr(one, name)
    return None


def _joined(rates: Sequence[Rate]) -> Rate:
    numerator = sum(one.numerator for one in rates)
    denominator = sum(one.denominator for one in rates)
    rate = numerator / denominator if denominator else None
    return Rate(numerator=numerator, denominator=denominator, rate=rate)


def _numbers(one: CommunityOverview) -> list[int]:
    counts = [getattr(one, name) for name in FIGURES]
    rates = (getattr(one, name) for name in RATES)
    return counts + [side for rate in rates for side in (rate.numerator, rate.denominator)]
