"""Results as figures."""

from energy.figures.all import *  # noqa: F403
