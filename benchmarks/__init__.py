"""Benchmarks: figures, never tests. `make bench` prints them; tables worth keeping go to docs/benchmarks.md."""
