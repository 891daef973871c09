"""Owns the ledger: accounts, rules, awards; never talks to people."""
