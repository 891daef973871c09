"""Somebody who fills in the forms of pages, as a browser does without script."""

import html
import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.integration.console.test_sign_in_page import SITE

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
FORM = re.compile(r'<form method="post" action="([^"]+)".*?</form>', re.DOTALL)
REMARK = re.compile(r'id="(\w+)_remark" role="alert">([^<]+)<')


def remarks(page: httpx.Response) -> dict[str, str]:
    """What is said beside the fields of a page."""
    return {field: html.unescape(said) for field, said in REMARK.findall(page.text)}


@dataclass
class Reader:
    """A signed-in browser at the pages of one community."""

    client: httpx.AsyncClient
    slug: str

    async def page(self, path: str, status: int = 200) -> httpx.Response:
        """A page; `path` below the community, or from the root."""
        answer = await self.client.get(self.at(path), headers={"accept": "text/html"})
        assert answer.status_code == status, answer.text
        return answer

    def at(self, path: str) -> str:
        return path if path.startswith("/") else f"/in/{self.slug}/{path}"

    async def send(
        self,
        shown: httpx.Response,
        action: str,
        *,
        photos: list[tuple[str, bytes]] | None = None,
        at: str = "",
        **typed: Any,
    ) -> httpx.Response:
        """Fill in the form with that action on a page (or the one `at` another), and send it."""
        [form] = [one for one in FORM.finditer(shown.text) if one[1] == self.at(at or action)]
        hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(form[0])}
        files = [("photos", photo) for photo in photos or ()]
        return await self.client.post(
            self.at(action),
            data=hidden | typed,
            files=files or None,
            headers={"origin": SITE, "accept": "text/html"},
        )
