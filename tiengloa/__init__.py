"""The switchboard: settings, wiring, the command line, and the example station."""

__version__ = "0.1.0"
