"""Debian's Chromium before the demo community: who looks, how, and with what in their hands."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.scene import Scene

type Language = Literal["zh-CN", "en"]

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The headless shell first: it opens a context for a fifth of the CPU."""

HOW_TO_GET = (
    "no Chromium for the browser tests: apt-get install chromium-headless-shell fonts-noto-cjk"
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESK = 390, 1280
HEIGHTS = {PHONE: 844, DESK: 800}
KEPT_SECONDS = 300
"""Half the life of an access token: two contexts never renew the same session."""


def installed() -> Path | None:
    """The browser of this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@asynccontextmanager
async def chromium(executable: Path) -> AsyncGenerator[Browser]:
    """A running browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True)
class View:
    """How somebody looks: in which language, with which size of text, on how wide a screen."""

    language: Language = "zh-CN"
    is_large: bool = False
    width: int = PHONE

    def __str__(self) -> str:
        return f"{self.language}-{'large' if self.is_large else 'normal'}-{self.width}"

    @property
    def device(self) -> dict[str, Any]:
        """As Playwright describes a device."""
        is_phone = self.width == PHONE
        return {
            "viewport": {"width": self.width, "height": HEIGHTS[self.width]},
            "is_mobile": is_phone,
            "has_touch": is_phone,
            "device_scale_factor": 2 if is_phone else 1,
            "locale": self.language,
            "timezone_id": "Asia/Shanghai",
            "reduced_motion": "reduce",
        }


@dataclass(frozen=True)
class Window:
    """A browser that stays open for all who only look."""

    opened: float
    context: BrowserContext

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self.opened > KEPT_SECONDS


@dataclass
class Visitors:
    """The people of a scene, each signed in once by the form on the page."""

    browser: Browser
    scene: Scene
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict)
    _windows: dict[tuple[str | None, Language], Window] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def context_of(
        self, who: str | None = None, view: View | None = None, *, has_scripts: bool = True
    ) -> AsyncGenerator[BrowserContext]:
        """A browser of somebody by sign-in name, or of a stranger; its paths begin at the origin.

        Who signs out there ends the session for all that come after: begin as a stranger instead.
        """
        view = view or View()
        context = await self.browser.new_context(
            **view.device,
            base_url=self.scene.origin,
            java_script_enabled=has_scripts,
            storage_state=await self._session(who) if who else None,
        )
        try:
            await choose(context, view)
            yield context
        finally:
            await context.close()

    @asynccontextmanager
    async def page_of(self, who: str | None, language: Language) -> AsyncGenerator[Page]:
        """A page for looking only: its browser is shared by all who look as somebody."""
        window = self._windows.get((who, language))
        if window is None or window.is_old:
            if window:
                await window.context.close()
            window = Window(time.monotonic(), await self._looking(who, language))
            self._windows[who, language] = window
        page = await window.context.new_page()
        try:
            yield page
        finally:
            await page.close()

    async def _looking(self, who: str | None, language: Language) -> BrowserContext:
        view = View(language, width=DESK)
        context = await self.browser.new_context(
            **view.device,
            base_url=self.scene.origin,
            storage_state=await self._session(who) if who else None,
        )
        await choose(context, view)
        return context

    async def _session(self, who: str) -> Any:
        """What a browser keeps of somebody's session."""
        async with self._turn:
            began, state = self._kept.get(who, (0.0, None))
            if state is None or time.monotonic() - began > KEPT_SECONDS:
                began = time.monotonic()
                state = await self._signed_in(who)
                self._kept[who] = began, state
            return state

    async def _signed_in(self, who: str) -> Any:
        async with self.context_of() as context:
            page = await context.new_page()
            await sign_in(page, who, self.scene.sign_ins[who])
            return await context.storage_state()


async def choose(context: BrowserContext, view: View) -> None:
    """Switch language and size of text, as the links on every page do."""
    wanted = {"lang": view.language} | ({"text": "large"} if view.is_large else {})
    answer = await context.request.get("/", params=wanted)
    assert answer.ok, answer.status


async def sign_in(page: Page, name: str, password: str) -> None:
    """By the Chinese form on the first page."""
    await page.goto("/")
    await page.get_by_label("登录名").fill(name)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("link", name="我的", exact=True)).to_be_visible()
