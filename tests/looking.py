"""A page in Chromium held to the guidelines of accessibility and to its width, and photographed on request."""

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def look(page: Page, name: str) -> None:
    """Hold a page to the guidelines and to its width; keep a picture where a person asked for pictures.

    It is looked at from its top and in a window as tall as it is, so that no bar that sticks half covers a target:
    what scrolling brings into sight is no matter of size. The window is given back as it was, at the top.
    """
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    size = page.viewport_size
    assert size is not None
    whole = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], whole)})
    found = Axe().run(page, options={"runOnly": TAGS})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen, f"{name} scrolls sideways: {wide} > {seen}"
    if folder := os.environ.get("TIENGLOA_TEST_PICTURES"):
        words = re.sub(r"\W+", "-", name).strip("-") or "trang"
        page.screenshot(path=Path(folder) / f"{words}-{size['width']}.png")
    page.set_viewport_size(size)
