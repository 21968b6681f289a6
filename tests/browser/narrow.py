"""Whether a page fits its window."""

from playwright.sync_api import Page, expect

_OVERFLOW = (
    "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"
)


def expect_no_sideways_scrolling(tab: Page) -> None:
    """Tables and tabs may scroll within themselves, the page may not."""
    expect(tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    overflow = tab.evaluate(_OVERFLOW)
    assert overflow <= 0, f"the page is {overflow} pixels wider than its window"
