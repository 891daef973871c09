"""Duty lines, as callers send and see them."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.directory import domain
from services.directory.store import ServicePhone
from shared.events.directory import PlaceKind
from shared.fields import Line, Payload
from shared.languages import in_words

__all__ = ["ServicePhoneTerms", "ServicePhoneView"]


def _service_phone(phone: str) -> str:
    if not domain.SERVICE_PHONE.fullmatch(phone):
        raise in_words("phone", domain.NO_PHONE)
    return phone


class ServicePhoneTerms(Payload):
    """The number of a duty line: of the community or of a grid, never of a person."""

    phone: Annotated[Line, AfterValidator(_service_phone)] | None = Field(
        description="5 to 20 digits, grouped as people read them; null: there is none any more.",
        examples=["010-0123 4567", "12345"],
    )


class ServicePhoneView(BaseModel):
    """The duty line that answers for a place."""

    place_id: UUID = Field(description="Whose line it is: the grid's or the community's.")
    kind: PlaceKind
    title: str = Field(examples=["第一网格"])
    phone: str = Field(description="Grouped as people read it.", examples=["010-0123 4567"])

    @classmethod
    def of(cls, found: ServicePhone) -> "ServicePhoneView":
        """The view of a line."""
        return cls.model_validate(found, from_attributes=True)
