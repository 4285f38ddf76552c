"""The array: how it is mounted, its modules and inverters, and what is lost in them.

In: numbers from the assumptions. Out: `Solar`, the array per MWdc; the losses that no hour changes.

What the sun makes of it is in `energy.solar`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from energy.parameters import (
    DcAcRatio,
    Fraction,
    Input,
    Lifetime,
    NotNegative,
    OpenFraction,
    Positive,
    PositiveFraction,
)
from energy.steps import Array

#: Losses by name on the way to the inverter, and from it to the computers; of each `Solar` has a
#: `..._fraction`. The first are PVWatts' own [Dobos 2014, table 6], so that its set can be chosen.
DC_LOSSES = (
    "soiling", "shading", "mismatch", "wiring", "connections", "light_induced", "nameplate",
    "availability",
)  # fmt: skip
AC_LOSSES = ("collector", "transformer", "own_use")

#: A loss that no hour changes, as a fraction of what comes to it.
Loss = Annotated[float, Field(ge=0, lt=1)]


class Mount(Input):
    """Rows of panels: price at `Solar.priced_dc_ac_ratio`, pitch, land at `land_gcr_fraction`.

    The price is at that pitch too: an acre more or less changes it by `spacing_usd_per_acre`.

    `row_width_m` is along the slant, `lower_edge_m` above ground at the greatest tilt: what snow
    and the light on the rear meet. For snow also how many strings of cells in parallel lie above
    each other along the slant.
    """

    capital_usd_per_kwdc: Positive
    spacing_usd_per_acre: NotNegative
    gcr_fraction: OpenFraction
    land_acres_per_mwdc: NotNegative
    land_gcr_fraction: OpenFraction
    row_width_m: Annotated[float, Field(ge=0.1, le=50)]
    lower_edge_m: Annotated[float, Field(ge=0, le=20)]
    strings_along_slant: Annotated[int, Field(ge=1, le=100)]

    #: The name of its kind, as the assumptions' sections have it.
    kind: ClassVar[str]

    @property
    def acres_per_mwdc(self) -> float:
        """Land at this pitch [acre/MWdc]: the wider the rows stand, the more."""
        return self.land_acres_per_mwdc * (self.land_gcr_fraction / self.gcr_fraction)

    def lower_edge_widths(self, tilt_deg: Array) -> Array:
        """Height of the lower edge at some tilts, in widths of a row."""
        raise NotImplementedError


class Tracker(Mount):
    """Horizontal single-axis tracker, axis north-south, with backtracking."""

    kind = "tracker"

    max_angle_deg: Annotated[float, Field(gt=0, le=90)]

    def lower_edge_widths(self, tilt_deg: Array) -> Array:
        """Height of the lower edge at some tilts, in widths of a row: it turns about its middle."""
        rise = np.sin(np.radians(self.max_angle_deg)) - np.sin(np.radians(tilt_deg))
        return np.asarray(self.lower_edge_m / self.row_width_m + rise / 2)


class FixedTilt(Mount):
    """Rows at a fixed tilt; azimuth clockwise from north, None faces the equator."""

    kind = "fixed"

    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Annotated[float, Field(ge=0, lt=360)] | None = None

    def lower_edge_widths(self, tilt_deg: Array) -> Array:
        """Height of the lower edge, in widths of a row: the same at all times."""
        return np.full(np.shape(tilt_deg), self.lower_edge_m / self.row_width_m)


class Solar(Input):
    """The array, per MWdc, and how it is mounted.

    Modules with `bifaciality_fraction` above 0 use that fraction of the light on their rear, less
    `rear_loss_fraction`: shade of what carries them, and cells that get unequal light.
    """

    mount: Tracker | FixedTilt
    dc_ac_ratio: DcAcRatio
    priced_dc_ac_ratio: DcAcRatio
    inverter_usd_per_kwac: NotNegative
    bifaciality_fraction: Fraction
    rear_loss_fraction: Loss
    soiling_fraction: Loss
    shading_fraction: Loss
    mismatch_fraction: Loss
    wiring_fraction: Loss
    connections_fraction: Loss
    light_induced_fraction: Loss
    nameplate_fraction: Loss
    availability_fraction: Loss
    collector_fraction: Loss
    transformer_fraction: Loss
    own_use_fraction: Loss
    inverter_efficiency: PositiveFraction
    temperature_coefficient_per_c: Annotated[float, Field(gt=-0.02, le=0)]
    noct_c: Annotated[float, Field(gt=20, lt=80)]
    module_efficiency: PositiveFraction
    albedo_fraction: Fraction
    degradation_fraction_per_year: Annotated[float, Field(ge=0, lt=0.1)]
    fixed_om_usd_per_kwdc_year: NotNegative
    lifetime_years: Lifetime

    @property
    def capital_usd_per_kwdc(self) -> float:
        """Price of the array [$/kWdc]: the mount's, with more or less inverter than it counts."""
        inverter_kw_per_kwdc = 1.0 / self.dc_ac_ratio - 1.0 / self.priced_dc_ac_ratio
        more_acres_per_kwdc = (self.mount.acres_per_mwdc - self.mount.land_acres_per_mwdc) / 1000.0
        return (
            self.mount.capital_usd_per_kwdc
            + self.inverter_usd_per_kwac * inverter_kw_per_kwdc
            + self.mount.spacing_usd_per_acre * more_acres_per_kwdc
        )

    @property
    def physics(self) -> dict[str, Any]:
        """The numbers that decide what the array gives without snow; its prices do not."""
        of_mount = {
            "capital_usd_per_kwdc", "spacing_usd_per_acre", "land_acres_per_mwdc",
            "land_gcr_fraction", "strings_along_slant",
        }  # fmt: skip
        of_array = {
            "mount", "priced_dc_ac_ratio", "inverter_usd_per_kwac", "fixed_om_usd_per_kwdc_year",
            "degradation_fraction_per_year", "lifetime_years",
        }  # fmt: skip
        mount = self.mount.model_dump(exclude=of_mount) | {"mount": self.mount.kind}
        return mount | self.model_dump(exclude=of_array)

    @property
    def title(self) -> str:
        """What the array is, in a few words."""
        mount = self.mount
        stands = (
            f"fixed {mount.tilt_deg:g} deg"
            if isinstance(mount, FixedTilt)
            else f"tracker {mount.max_angle_deg:g} deg"
        )
        return f"{stands}, DC/AC {self.dc_ac_ratio:g}, GCR {mount.gcr_fraction:g}"

    @property
    def dc_losses(self) -> dict[str, float]:
        """Losses before the inverter by name, as fractions of what comes to each, in order."""
        return {name: float(getattr(self, f"{name}_fraction")) for name in DC_LOSSES}

    @property
    def ac_losses(self) -> dict[str, float]:
        """Losses behind the inverter by name, as fractions of what comes to each, in order."""
        return {name: float(getattr(self, f"{name}_fraction")) for name in AC_LOSSES}

    @property
    def dc_kept_fraction(self) -> float:
        """What all of `dc_losses` leave."""
        return float(np.prod([1.0 - loss for loss in self.dc_losses.values()]))

    @property
    def ac_kept_fraction(self) -> float:
        """What all of `ac_losses` leave."""
        return float(np.prod([1.0 - loss for loss in self.ac_losses.values()]))

    @property
    def lifetime_mean_fraction(self) -> float:
        """Output averaged over the array's life, as a fraction of its output when new."""
        return float(sum(self.fraction_by_year(self.lifetime_years)) / self.lifetime_years)

    def fraction_by_year(self, years: int) -> Array:
        """Output in each year of service, as a fraction of a new array's; shape (years,)."""
        return np.asarray((1.0 - self.degradation_fraction_per_year) ** np.arange(years))
