"""What breaks, how often and for how long: inverters, battery containers, engines, common parts.

In: values from the assumptions. Out: `Failures`; the probabilities of a part in a step.

How often an inverter is down is no number of this section: it is what `solar.availability_fraction`
takes from the array's output already.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from energy.parameters import Fraction, Input, Positive, PositiveFraction

#: The parts of which there is one, and without which others are of no use.
COMMON_PARTS = ("transformer", "feeder", "controls")

RepairHours = Annotated[float, Field(ge=1, le=87600)]


class Failures(Input):
    """How parts fail and are repaired.

    A part is up or down. With availability a and mean repair time r its mean time to failure is
    r * a / (1 - a), which must exceed r. An engine that runs fails by `unit_mttf_h`; one that
    stands by fails so that it could be started a fraction `unit_availability` of the time; a start
    fails with `start_failure`.
    """

    inverter_block_mw: Positive
    inverter_repair_h: RepairHours
    container_mwh: Positive
    container_availability: PositiveFraction
    container_repair_h: RepairHours
    unit_availability: PositiveFraction
    start_failure: Fraction
    unit_mttf_h: Annotated[float, Field(ge=1)]
    unit_repair_h: RepairHours
    transformer_availability: PositiveFraction
    transformer_repair_h: RepairHours
    feeder_availability: PositiveFraction
    feeder_repair_h: RepairHours
    controls_availability: PositiveFraction
    controls_repair_h: RepairHours

    @field_validator(
        "container_repair_h", "unit_repair_h", "transformer_repair_h", "feeder_repair_h",
        "controls_repair_h",
    )  # fmt: skip
    @classmethod
    def _is_repaired_before_it_fails(cls, repair_h: float, info: ValidationInfo) -> float:
        part = str(info.field_name).removesuffix("_repair_h")
        if problem := repair_problem(info.data.get(f"{part}_availability", 1.0), repair_h):
            raise ValueError(problem)
        if part == "unit" and repair_h >= info.data.get("unit_mttf_h", float("inf")):
            raise ValueError(f"repair_h must be below unit_mttf_h; got {repair_h:g} h")
        return repair_h

    def availability(self, part: str) -> float:
        """Fraction of the time that a common part is up."""
        return float(getattr(self, f"{part}_availability"))

    def repair_h(self, part: str) -> float:
        """Mean time to repair of a common part [h]."""
        return float(getattr(self, f"{part}_repair_h"))


def repair_problem(availability: float, repair_h: float) -> str:
    """What is wrong with a repair time [h] at an availability; empty when nothing."""
    if availability > 0.5:
        return ""
    mttf_h = repair_h * availability / (1.0 - availability)
    return (
        "repair_h must be below the mean time to failure that availability gives; "
        f"got {repair_h:g} h and {mttf_h:g} h (availability {availability:g})"
    )


def step_probabilities(availability: float, repair_h: float, step_h: float) -> tuple[float, float]:
    """Probability that a part which is up fails in a step, and that one which is down is repaired.

    They keep the availability exactly: failures and repairs are equally many in the long run.
    """
    repaired = step_h / repair_h
    return min(repaired * (1.0 - availability) / availability, 1.0), repaired
