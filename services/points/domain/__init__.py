"""The rules of the ledger: what a closing earns, what a reopening takes back, who may look."""

from services.points.domain.account import (
    ISSUER_SHARDS,
    Account,
    Owner,
    OwnerKind,
    Totals,
    Viewer,
    require_sight,
)
from services.points.domain.award import (
    Award,
    Cycle,
    Kind,
    Settlement,
    Status,
    Transfer,
    cycle_of,
    cycle_undone,
    reverse,
    settle,
)
from services.points.domain.rule import Rule, Rulebook, Terms, first_rules, next_version

__all__ = [
    "ISSUER_SHARDS",
    "Account",
    "Award",
    "Cycle",
    "Kind",
    "Owner",
    "OwnerKind",
    "Rule",
    "Rulebook",
    "Settlement",
    "Status",
    "Terms",
    "Totals",
    "Transfer",
    "Viewer",
    "cycle_of",
    "cycle_undone",
    "first_rules",
    "next_version",
    "require_sight",
    "reverse",
    "settle",
]
