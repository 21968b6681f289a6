"""Whether a page fits its window, and whether what is on it can be read."""

import time

from playwright.sync_api import Page, expect

from core.evaluation.rendering.contrast import contrast

_OVERFLOW = (
    "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"
)
# Tables, code and large matrices scroll sideways; a choice, a row of tabs or a dialog of which a part is out of sight
# does not look as if it did.
_CUT_OFF = """() => [
  ...document.querySelectorAll('[data-testid=stButtonGroup], [role=dialog], [role=tablist]'),
].flatMap((whole) => {
  const edge = Math.min(whole.getBoundingClientRect().right, innerWidth) + 1;
  return [...whole.querySelectorAll('button, img, p')].filter((one) => one.getBoundingClientRect().right > edge)
    .map((one) => one.innerText || one.alt || one.tagName);
})"""
# Every text in sight, with its colour and the grounds that shine through behind it. Numbers in a matrix have a test of
# their own, the colours of code are Streamlit's; what is disabled need not be read (WCAG 2.2, 1.4.3). The value of a
# slider is a part of its thumb, but stands above it.
_TEXTS = """() => {
  const left_out = [
    'script', 'style', 'noscript', '.scatterlayer', ':disabled', '[aria-disabled=true]', '[data-testid=stIconMaterial]',
    '[data-testid=stCode]',
  ].join();
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const depth = (one) => (one ? 1 + depth(one.parentElement) : 0);
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    const text = walk.currentNode.textContent.trim();
    if (!text || one.closest(left_out) || !one.getBoundingClientRect().width) continue;
    const around = [];
    for (let above = one; above; above = above.parentElement) around.push(getComputedStyle(above));
    if (around.some((style) => style.visibility === 'hidden' || style.opacity === '0')) continue;
    const ink = colour(one.closest('svg') ? around[0].fill : around[0].color);
    const opacity = around.reduce((product, style) => product * style.opacity, ink[3] ?? 1);
    const above_thumb = one.closest('[data-testid=stSliderThumbValue]') && one.closest('[data-testid=stSlider]');
    const behind = above_thumb ? around.slice(-depth(above_thumb)) : around;
    const grounds = behind.map((style) => colour(style.backgroundColor)).filter((ground) => (ground[3] ?? 1) > 0);
    found.push([text.slice(0, 40), [...ink.slice(0, 3), opacity], grounds]);
  }
  return found;
}"""
READABLE = 4.5
CALM_SECONDS = 5


def expect_drawn(tab: Page) -> None:
    """Wait until the server has drawn the page, and the browser what it loads later: choices, and charts."""
    expect(tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    expect(tab.get_by_test_id("stSkeleton").filter(visible=True)).to_have_count(0)
    expect(tab.locator("[data-testid=stPlotlyChart]:not(:has(.main-svg))").filter(visible=True)).to_have_count(0)


def expect_theme(tab: Page, theme: str) -> None:
    """Wait until the page has taken a theme that the browser changed to."""
    ground = {"light": "rgb(253, 252, 250)", "dark": "rgb(22, 27, 25)"}[theme]
    expect(tab.get_by_test_id("stApp")).to_have_css("background-color", ground)


def expect_no_sideways_scrolling(tab: Page) -> None:
    """Tables and tabs may scroll within themselves, the page may not."""
    expect_drawn(tab)
    overflow = tab.evaluate(_OVERFLOW)
    assert overflow <= 0, f"the page is {overflow} pixels wider than its window"


def cut_off(tab: Page) -> list[str]:
    """What is partly out of sight in the choices and dialogs of a page."""
    found: list[str] = tab.evaluate(_CUT_OFF)
    return found


def unreadable(tab: Page) -> dict[str, float]:
    """The texts of a page that stand out too little from what is behind them, and how much they do."""
    give_up = time.monotonic() + CALM_SECONDS
    while (found := _pale(tab)) and time.monotonic() < give_up:  # colours may be on their way to others
        tab.wait_for_timeout(100)
    return found


def _pale(tab: Page) -> dict[str, float]:
    found = {text: contrast(*_colours(ink, grounds)) for text, ink, grounds in tab.evaluate(_TEXTS)}
    return {text: round(share, 2) for text, share in found.items() if share < READABLE}


def _colours(ink: list[float], grounds: list[list[float]]) -> tuple[str, str]:
    """Mix what shines through: the ink as it is seen, and the ground behind it."""
    ground = [255.0, 255.0, 255.0]
    for over in reversed(grounds):
        ground = _mix(over, ground)
    return _hex(_mix(ink, ground)), _hex(ground)


def _mix(over: list[float], below: list[float]) -> list[float]:
    share = over[3] if len(over) > 3 else 1.0
    return [upper * share + lower * (1 - share) for upper, lower in zip(over[:3], below, strict=True)]


def _hex(channels: list[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)
