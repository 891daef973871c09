"""Each check sees what it is there for: on a page with that one fault, and on none without."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route

from tests.browser.checks import Watch, axe, findings_in, findings_of
from tests.browser.harness import DESK, View
from tests.browser.keyboard import Keyboard

ORIGIN = "http://page.test"
STYLE = """
html { font-size: 18px; color: #000; background: #fff; }
html.large { font-size: 30px; }
body { margin: 0; font-family: sans-serif; line-height: 1.6; }
a, button { display: inline-block; min-width: 3rem; min-height: 3rem; font: inherit; }
p a { display: inline; }
"""
ENGLISH, LARGE = View("en", width=DESK), View("en", is_large=True, width=DESK)


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncGenerator[Page]:
    context = await browser.new_context(viewport={"width": DESK, "height": 800})
    yield await context.new_page()
    await context.close()


async def shown(page: Page, body: str, *, style: str = "", html: str = 'lang="en"') -> None:
    """A page that is good but for what `body`, `style` or `html` bring."""
    await page.set_content(
        f"<!doctype html><html {html}><title>Page</title><style>{STYLE}{style}</style>"
        f"<main><h1>Title</h1>{body}</main></html>"
    )


async def found(page: Page, body: str, view: View = ENGLISH, **how: str) -> list[str]:
    await page.set_viewport_size({"width": view.width, "height": 800})
    await shown(page, body, **how)
    return await findings_of(page, view)


GOOD = """
<p>See <a href="/a">the list</a> of all.</p><a href="/b">Next</a><button>Send</button>
<span lang="zh-CN">王阿姨</span>
<div style="overflow-x: auto" tabindex="0"><div style="width: 2000px">A wide table</div></div>
"""


async def test_a_good_page_is_good(page: Page) -> None:
    assert await found(page, GOOD) == []
    assert await found(page, GOOD, LARGE, html='lang="en" class="large"') == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<img src='data:,'>", "image-alt"),
        ("<p style='color: #999'>Pale</p>", "color-contrast"),
        ("<small style='font-size: 14px'>Small print</small>", "text of 14 px"),
        ("<button style='min-height: 40px; height: 40px'>Send</button>", "40 px, not 48"),
        ("<button style='min-width: 20px; width: 20px'>i</button>", "20 × "),
        ("<label><input type='checkbox'> Yes</label>", "a target of"),
        ("<p>提交</p>", "not translated: 提交"),
        ("<p>好：</p>", "not translated: 好："),
        ("<button aria-label='关闭'>x</button>", 'aria-label="关闭"'),
        ("<details><summary>More</summary>更多</details>", "not translated: 更多"),
        ("<div style='width: 700px'>A wide box</div>", "at 320 px"),
        ("<div style='width: 700px'>A wide box</div>", "at 640 px"),
        ("<div style='overflow: hidden'><p style='width: 400px'>Cut off</p></div>", "at 320 px"),
    ],
)
async def test_a_fault_is_seen(page: Page, body: str, fault: str) -> None:
    findings = await found(page, body)
    assert any(fault in one for one in findings), findings


async def test_a_page_in_the_wrong_language_or_size_is_seen(page: Page) -> None:
    assert 'the page says lang="zh-CN"' in await found(page, "", html='lang="zh-CN"')
    assert "not the size of text that was chosen" in await found(page, "", LARGE)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p style='font-size: 0.9rem'>Less</p>", "text of 27 px, not 30"),
        ("<button style='min-height: 50px; height: 50px; line-height: 1'>Send</button>", "not 60"),
        ("<p style='color: #666'>Grey</p>", "color-contrast-enhanced"),  # 5.7, and large text
    ],
)
async def test_large_text_asks_for_more(page: Page, body: str, fault: str) -> None:
    findings = await found(page, body, LARGE, html='lang="en" class="large"')
    assert any(fault in one for one in findings), findings


async def test_a_fault_of_one_view_is_seen_there(page: Page) -> None:
    await shown(page, "<p>Good</p>", style="html.large p { font-size: 20px; color: #666 }")
    assert await findings_in(page, [ENGLISH]) == []
    findings = await findings_in(page, [ENGLISH, LARGE])
    assert len(findings) == 2, findings
    assert all(one.startswith("en-large-1280: ") for one in findings)


async def test_axe_asks_for_contrast_of_seven_in_large_text_only(page: Page) -> None:
    await shown(page, "<p style='color: #666'>Grey</p>")
    assert await axe(page) == []
    assert len(await axe(page, is_large=True)) == 1


async def watched(page: Page, body: str, policy: str = "", status: int = 200) -> Watch:
    """A page of `ORIGIN` after it was loaded, and what was heard of it."""

    async def answer(route: Route) -> None:
        headers = {"content-type": "text/html"} | (
            {"content-security-policy": policy} if policy else {}
        )
        await route.fulfill(status=status, headers=headers, body=f"<title>P</title>{body}")

    await page.route("**/*", answer)
    watch = Watch(page, ORIGIN)
    await page.goto(f"{ORIGIN}/page")
    return watch


async def test_the_watch_hears_nothing_of_a_good_page_and_its_status(page: Page) -> None:
    watch = await watched(page, "<link rel=icon href=data:,><p>Good", status=404)
    assert (watch.findings, watch.status) == ([], 404)


@pytest.mark.parametrize(
    ("body", "policy", "fault"),
    [
        ("<script>console.error('oh')</script>", "", "oh"),
        ("<script>console.warn('hm')</script>", "", "hm"),
        ("<script>nothing()</script>", "", "script failed: nothing is not defined"),
        ("<p style='color: red'>Red", "style-src 'self'", "Content Security Policy"),
        ("<script>alert(1)</script>", "script-src 'self'", "Content Security Policy"),
        ("<img src=http://elsewhere.test/a.png>", "", "another origin: http://elsewhere.test"),
        ("<img src=http://page.test.elsewhere.test/a.png>", "", "another origin"),
    ],
)
async def test_the_watch_hears(page: Page, body: str, policy: str, fault: str) -> None:
    watch = await watched(page, f"<link rel=icon href=data:,>{body}", policy)
    assert any(fault in one for one in watch.findings), watch.findings


async def test_a_missing_file_of_a_page_is_heard(page: Page) -> None:
    async def answer(route: Route) -> None:
        is_page = route.request.url.endswith("/page")
        body = "<title>P</title><link rel=icon href=data:,><link rel=stylesheet href=/gone.css>"
        await route.fulfill(
            status=200 if is_page else 404, content_type="text/html", body=body if is_page else ""
        )

    await page.route("**/*", answer)
    watch = Watch(page, ORIGIN)
    await page.goto(f"{ORIGIN}/page")
    assert any("404" in one for one in watch.findings), watch.findings


async def test_the_keyboard_reaches_what_a_keyboard_reaches_and_sees_the_focus(page: Page) -> None:
    await shown(page, "<div onclick='go()'>Go</div><button>Send</button>")
    await Keyboard(page).press("button", "Send")
    with pytest.raises(AssertionError, match="not within"):
        await Keyboard(page).reach(page.get_by_text("Go", exact=True))
    await shown(page, "<button>Send</button>", style="button:focus { outline: none }")
    with pytest.raises(AssertionError, match="nobody sees the focus"):
        await Keyboard(page).press("button", "Send")
