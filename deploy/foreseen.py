"""What can go wrong without anybody's mistake in the code."""

__all__ = ["Foreseen"]


class Foreseen(Exception):  # noqa: N818 - a sentence for the operator, not a technical error
    """A failure that the operator can mend; its message is a sentence that says how."""
