"""What the plant costs."""

from energy.finance.annualized import *  # noqa: F403
