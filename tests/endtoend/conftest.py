"""Fixtures of the end-to-end tests."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import os

import pytest


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, or fails where tools are required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("TIENGLOA_REQUIRE_TOOLS") == "1":
            pytest.fail("Chromium is required here: install the package `chromium`")
        pytest.skip("no Chromium on this machine: install the package `chromium` to run the browser tests")
    return found
