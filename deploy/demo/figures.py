"""The figures of a replay, as a table for people and as one JSON object for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

from rich.table import Table

__all__ = ["Figures", "Takers", "Waits", "waits"]


@dataclass(frozen=True)
class Takers:
    """Who took requests: distinct organisations and people."""

    organisations: int
    people: int


@dataclass(frozen=True)
class Waits:
    """Milliseconds by the services' own clocks."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Figures:
    """What a replay came to."""

    community: str
    submitted: int
    listed: int
    accepted: int
    still_listed: int
    takers: Takers
    closed: int
    awards: int
    points_issued: int
    notices: int
    close_to_award_ms: Waits
    close_to_notice_ms: Waits
    seconds: float

    @property
    def take_up_rate(self) -> float:
        """Accepted of listed, as a fraction (`DOMAIN.md` §0.1)."""
        return self.accepted / self.listed if self.listed else 0.0

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        figures = asdict(self) | {"take_up_rate": self.take_up_rate}
        del figures["community"]
        return figures

    def as_table(self) -> Table:
        """The table that people read, 80 columns at most; the published case stands beside it."""
        table = Table(
            title=f"文化路社区 Wenhua Road replay ({self.community})",
            title_justify="left",
            caption="* How many of them are closed is ours, not published.",
            caption_justify="left",
        )
        table.add_column("")
        table.add_column("this run", justify="right")
        table.add_column("as published", justify="right")
        for name, ours, published in (
            ("submitted 点单", str(self.submitted), "150"),
            ("listed 上清单", str(self.listed), "150"),
            ("accepted 接单", str(self.accepted), "112"),
            ("still on the list", str(self.still_listed), "38"),
            ("take-up rate", f"{self.take_up_rate:.2%}", "74.67%"),
            ("organisations taking", str(self.takers.organisations), "10"),
            ("people taking", str(self.takers.people), "82"),
            ("closed 结案 *", str(self.closed), ""),
            ("awards", str(self.awards), ""),
            ("points issued", str(self.points_issued), ""),
            ("notices of closing", str(self.notices), ""),
            ("close → award p50 / p99", _milliseconds(self.close_to_award_ms), ""),
            ("close → notice p50 / p99", _milliseconds(self.close_to_notice_ms), ""),
            ("duration", f"{self.seconds:.1f} s", ""),
        ):
            table.add_row(name, ours, published)
        return table


def waits(milliseconds: Sequence[float]) -> Waits:
    """The median and the 99th percentile; one value is both."""
    if len(milliseconds) < 2:  # noqa: PLR2004 - quantiles need two
        value = round(milliseconds[0], 1) if milliseconds else 0.0
        return Waits(value, value)
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return Waits(round(cuts[49], 1), round(cuts[98], 1))


def _milliseconds(of: Waits) -> str:
    return f"{of.p50:.1f} / {of.p99:.1f} ms"
