"""Generates what follows from the code: `python -m deploy.docs [--check]`.

`docs/api`, `docs/events`, `.env.example`, and the console's clients of the services.

With `--check` nothing is written: exit 1 names the files that are not up to date.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy import environment, services
from deploy.console_clients import CLIENTS, WRITTEN, client_files
from shared.events import Event
from shared.topology import stream_of

__all__ = ["documents", "main"]

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated document: where it belongs and what it says."""
    for service in services.SERVICES:
        app = services.create_app(service)(services.settings(service))
        yield DOCS / "api" / f"{service}.json", _json(app.openapi())
        yield from client_files(service, app.openapi())
    for contract in Event.known.values():
        schema = contract.model_json_schema() | {"$id": contract.type()}
        yield DOCS / "events" / f"{contract.type()}.json", _json(schema)
    yield DOCS / "events" / "asyncapi.json", _json(_asyncapi())
    yield ROOT / ".env.example", environment.example()


def _asyncapi() -> dict[str, Any]:
    """Who tells what on which subject, and which durable consumers take it (AsyncAPI 3.0)."""
    specs = services.consumer_specs()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jinlin 近邻 events",
            "version": "1",
            "description": "CloudEvents 1.0 in binary mode (`ce-*` headers) on NATS JetStream.",
        },
        "channels": {contract.type(): _channel(contract) for contract in Event.known.values()},
        "operations": {
            f"{spec.durable}.{contract.name}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{contract.type()}"},
            }
            for spec in specs
            for contract in spec.events
        },
    }


def _channel(contract: type[Event]) -> dict[str, Any]:
    tail = f".{{{contract.entity}}}" if contract.keeps_last else ""
    subject = f"evt.{{community}}.{contract.owner}.{contract.name}.v{contract.revision}{tail}"
    parameters = ["community", *([contract.entity] if contract.keeps_last else [])]
    return {
        "address": subject,
        "description": (contract.__doc__ or "").strip(),
        "parameters": {name: {} for name in parameters},
        "messages": {contract.name: {"payload": {"$ref": f"./{contract.type()}.json"}}},
        "x-stream": stream_of(contract.owner),
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write the documents, or check them. 1 when some are not up to date."""
    check = "--check" in sys.argv[1:]
    wanted = dict(documents())
    present = {path for folder in ("api", "events") for path in (DOCS / folder).glob("*.json")}
    present |= set(ROOT.glob(".env.example"))
    present |= {path for path in CLIENTS.rglob("*.py") if path.name not in WRITTEN}
    stale = [
        path
        for path, content in wanted.items()
        if path not in present or path.read_text() != content
    ] + sorted(present - wanted.keys())
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run `make docs`")
        return 1 if stale else 0
    for path in present - wanted.keys():
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
