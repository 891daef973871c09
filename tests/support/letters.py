"""Dead letters on purpose: events that their consumer cannot read."""

import nats

from deploy.demo.api import Session
from deploy.demo.community import COMMUNITY
from shared import ids
from tests.support.platform import eventually

LETTERS = "/notify/operations/dead-letters"


async def bury(operator: Session, nats_url: str, wanted: int) -> list[int]:
    """The numbers of so many new letters that notify has buried, the oldest first."""
    client = await nats.connect(nats_url)
    try:
        events = {str(ids.new_id()) for _ in range(wanted)}
        for one in events:
            headers = {"ce-type": "cn.jinlin.points.awarded.v1", "ce-id": one}
            subject = f"evt.{COMMUNITY}.points.awarded.v1"
            await client.jetstream().publish(subject, b"{}", headers=headers)
    finally:
        await client.close()

    async def buried() -> list[int]:
        items = (await operator.get(LETTERS, limit=100))["items"]
        numbers = sorted(one["number"] for one in items if one["event_id"] in events)
        return numbers if len(numbers) == wanted else []

    return await eventually(buried, seconds=30)
