"""The command `energy`."""

from energy.cli.commands import app, main

__all__ = ["app", "main"]
