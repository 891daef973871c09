"""The Wenhua Road replay (`DOMAIN.md` §7): a community at work, through the public API only."""
