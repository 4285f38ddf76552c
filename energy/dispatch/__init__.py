"""Hour by hour: PV generation to load, surplus to battery, deficit from battery, grid and backup."""

from energy.dispatch.run import *  # noqa: F403
