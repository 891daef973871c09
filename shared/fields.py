"""Fields of payloads: text that a database can hold and a person can read."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

__all__ = ["Code", "CommunityPath", "Line", "Payload", "Slug", "Words"]


def _without_controls(value: str) -> str:
    """Refuse control characters but line breaks and tabs; PostgreSQL cannot store U+0000."""
    if any(ord(one) < 32 and one not in "\n\r\t" for one in value):  # noqa: PLR2004 - U+0020
        message = "control characters are not allowed"
        raise ValueError(message)
    return value


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
"""A community's name in addresses and on the bus."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
"""A word of the glossary or of a community's own lists: `resident_unit`, `repair`."""

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_without_controls),
]
"""One line of text."""

Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2000),
    AfterValidator(_without_controls),
]
"""Some sentences; may be empty. Narrow it as `Annotated[Words, Field(max_length=…)]`:
a field's default does not."""

CommunityPath = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="Its slug.")]
"""The community in the path of a route."""


class Payload(BaseModel):
    """What a caller sends: an unknown field is refused, so that no mistake passes silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)
