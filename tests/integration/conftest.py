"""Fixtures of the tests that go through a store, a disk or HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes_web import Panel, panel


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Panel]:
    """The panel of the example station, over its own database file, with a clock that stands still."""
    with panel(tmp_path) as one:
        yield one
