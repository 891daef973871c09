"""`.env.example`: every setting of an installation in containers, from the settings themselves."""

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any, Final

from pydantic.fields import FieldInfo

from deploy import services
from deploy.where import PlatformSettings
from services.console.settings import Settings as ConsoleSettings

__all__ = ["WIRED", "example"]

WIRED: Final = frozenset(
    {
        *("host", "port", "origin", "keys", "postgres_url"),
        *("database_url", "database_password", "nats_url", "nats_password"),
    }
)
"""What the composition itself says: a person has nothing to choose there."""

OPERATOR: Final = ("operator_name", "operator_password")

_HEAD: Final = """\
# Settings of the composition: copy this file to `.env`. It starts as it is; what is commented out
# shows the default. Made from the settings by `make docs`.

# The port of the one origin, on this machine.
PORT=8000
"""


def example() -> str:
    """The file's text."""
    fields = dict(_fields())
    operator = [_entry(name, fields.pop(name), commented=False) for name in OPERATOR]
    return "\n".join(
        [_HEAD, *operator, *(_entry(name, field) for name, field in sorted(fields.items()))]
    )


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by name; those of the directory go before the operator's view of the same."""
    sources: list[Any] = [PlatformSettings, ConsoleSettings]
    sources += [type(services.settings(service)) for service in reversed(services.SERVICES)]
    for source in sources:
        yield from (
            (name, field) for name, field in source.model_fields.items() if name not in WIRED
        )


def _entry(name: str, field: FieldInfo, *, commented: bool = True) -> str:
    """A setting with its description, and its default behind a `#`."""
    lines = [f"# {line}" for line in wrap(field.description or "", 98)]
    value = "" if field.default is None else json.dumps(field.default).strip('"')
    mark = "#" if commented else ""
    return "\n".join([*lines, f"{mark}JINLIN_{name.upper()}={value}", ""])
