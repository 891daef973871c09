"""All SQL of the points service; every statement names the community."""

from services.points.store.accounts import Line, account, statement, totals
from services.points.store.ledger import (
    Accounts,
    add_awards,
    book,
    lock_accounts,
    mark_closed,
    mark_reopened,
    mark_reversed,
    standing_awards,
)
from services.points.store.rules import add_rule, last_rule, rulebook, rules, seed_rules

__all__ = [
    "Accounts",
    "Line",
    "account",
    "add_awards",
    "add_rule",
    "book",
    "last_rule",
    "lock_accounts",
    "mark_closed",
    "mark_reopened",
    "mark_reversed",
    "rulebook",
    "rules",
    "seed_rules",
    "standing_awards",
    "statement",
    "totals",
]
