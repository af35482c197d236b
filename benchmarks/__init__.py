"""Benchmarks: figures, never tests. `make bench` prints them; tables worth keeping go to docs/benchmarks.md."""

import sys
from pathlib import Path

# The small town of the end-to-end tests is what the benchmarks measure too.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "endtoend"))
