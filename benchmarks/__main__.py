"""Run every benchmark, or those named: `python -m benchmarks [reading production ...]`."""

import importlib
import platform
import sys
from datetime import UTC, datetime

NAMES = (
    "reading",
    "voice",
    "production",
    "edit",
    "starts",
    "timetable",
    "playout",
    "faults",
    "proof",
    "emergency",
    "api",
    "nudges",
)


def main() -> None:
    """Print where and when, then each benchmark's table."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}\n")
    for name in sys.argv[1:] or NAMES:
        print(f"## {name}\n")
        importlib.import_module(f"benchmarks.{name}").main()
        print()


if __name__ == "__main__":
    main()
