"""Fixtures for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import bound, data, example_data, here, offline, small_disk
from tests.fakes import ExampleStation, example_station
from tests.fakes_machine import centre

__all__ = ("bound", "centre", "data", "example_data", "here", "offline", "small_disk", "station")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[ExampleStation]:
    """The example station over its own database file, with a clock that stands still."""
    with example_station(tmp_path) as made:
        yield made
