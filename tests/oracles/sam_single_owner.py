"""NREL SAM's Single Owner model, asked for what `energy.finance.pro_forma` is asked for.

In: options of `pro_forma`, of those that SAM has too. Out: SAM's outputs.

Everything that `pro_forma` leaves out is set to zero: fees, working capital, equipment reserves.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import PySAM.Singleowner as Singleowner

#: SAM's classes of depreciation by our names.
CLASSES = {
    "macrs-5": "macrs_5",
    "macrs-15": "macrs_15",
    "straight-line-5": "sl_5",
    "straight-line-20": "sl_20",
}

#: Inputs of SAM's financial parameters that are zero in every run unless set below.
ZERO = (
    "construction_financing_cost", "cost_debt_closing", "cost_debt_fee", "cost_other_financing",
    "debt_percent", "dscr_reserve_months", "equip1_reserve_cost", "equip2_reserve_cost",
    "equip3_reserve_cost", "insurance_rate", "months_receivables_reserve", "months_working_reserve",
    "property_tax_rate", "reserves_interest", "salvage_percentage",
)  # fmt: skip


def run(options: dict[str, Any], *, target_irr_fraction: float | None = None) -> SimpleNamespace:
    """SAM's outputs; with a target, SAM solves for the price itself."""
    o = {
        "tax_fraction": 0.21, "inflation_fraction": 0.025, "om_escalation_fraction": 0.0,
        "price_escalation_fraction": 0.0, "fade_fraction_per_year": 0.0, "debt_fraction": 0.0,
        "debt_rate_fraction": 0.07, "debt_years": 18, "itc_fraction": 0.0, "bonus_fraction": 0.0,
        "depreciation": "macrs-5", "fuel_usd": 0.0, "fuel_escalation_fraction": 0.0,
        "state_tax_fraction": 0.0, "state_bonus_fraction": 0.0, "property_tax_fraction": 0.0,
        "property_tax_decline_fraction": 0.0, "insurance_fraction": 0.0, "salvage_fraction": 0.0,
        "ptc_usd_per_mwh": 0.0, "ptc_years": 10, "dscr": None, "debt_reserve_months": 0.0,
        "reserve_interest_fraction": 0.0, "construction_interest_usd": 0.0,
        "price_usd_per_mwh": 50.0,
    } | options  # fmt: skip
    model = Singleowner.default("CustomGenerationProfileSingleOwner")
    money, tax, wear = model.FinancialParameters, model.TaxCreditIncentives, model.Depreciation
    for name in ZERO:
        setattr(money, name, 0.0)
    model.Revenue.ppa_soln_mode = 1 if target_irr_fraction is None else 0
    model.Revenue.ppa_escalation = 100 * o["price_escalation_fraction"]
    model.Revenue.ppa_price_input = (o["price_usd_per_mwh"] / 1000,)
    if target_irr_fraction is not None:
        model.Revenue.flip_target_percent = 100 * target_irr_fraction
        model.Revenue.flip_target_year = o["years"]
        # Without rates SAM wants a price for a plant's own use, of which there is none.
        model.ElectricityRates.en_electricity_rates = 1
    money.analysis_period = o["years"]
    real = (1 + o["discount_fraction"]) / (1 + o["inflation_fraction"]) - 1
    money.real_discount_rate, money.inflation_rate = 100 * real, 100 * o["inflation_fraction"]
    money.federal_tax_rate = (100 * o["tax_fraction"],)
    money.state_tax_rate = (100 * o["state_tax_fraction"],)
    money.property_tax_rate = 100 * o["property_tax_fraction"]
    money.prop_tax_cost_assessed_percent = 100.0
    money.prop_tax_assessed_decline = 100 * o["property_tax_decline_fraction"]
    money.insurance_rate = 100 * o["insurance_fraction"]
    money.salvage_percentage = 100 * o["salvage_fraction"]
    money.debt_option = 0 if o["dscr"] is None else 1
    money.debt_percent = 100 * o["debt_fraction"]
    money.dscr = 1.3 if o["dscr"] is None else o["dscr"]
    money.term_int_rate, money.term_tenor = 100 * o["debt_rate_fraction"], o["debt_years"]
    money.dscr_reserve_months = o["debt_reserve_months"]
    money.reserves_interest = 100 * o["reserve_interest_fraction"]
    money.construction_financing_cost = o["construction_interest_usd"]
    costs = model.SystemCosts
    costs.total_installed_cost = o["capital_usd"]
    costs.om_capacity = costs.om_production = costs.om_fuel_cost = (0.0,)
    costs.om_fixed, costs.om_fixed_escal = (o["om_usd"],), 100 * o["om_escalation_fraction"]
    # SAM's fuel is a price times a use; a cost by capacity grows with its own escalation as well.
    costs.om_capacity = (o["fuel_usd"] / money.system_capacity,)
    costs.om_capacity_escal = 100 * o["fuel_escalation_fraction"]
    name = CLASSES[o["depreciation"]]
    wear.depr_alloc_sl_20_percent = 0.0
    setattr(wear, f"depr_alloc_{name}_percent", 100.0)
    if o["itc_fraction"]:
        tax.itc_fed_percent = (100 * o["itc_fraction"],)
        setattr(wear, f"depr_itc_fed_{name}", 1.0)
    wear.depr_bonus_fed = 100 * o["bonus_fraction"]
    setattr(wear, f"depr_bonus_fed_{name}", 1.0)
    wear.depr_bonus_sta = 100 * o["state_bonus_fraction"]
    setattr(wear, f"depr_bonus_sta_{name}", 1.0)
    tax.ptc_fed_amount, tax.ptc_fed_term = (o["ptc_usd_per_mwh"] / 1000,), o["ptc_years"]
    model.SystemOutput.gen = [o["energy_mwh"] * 1000 / 8760] * 8760
    model.SystemOutput.system_pre_curtailment_kwac = model.SystemOutput.gen
    model.SystemOutput.degradation = (100 * o["fade_fraction_per_year"],)
    model.execute(0)
    return SimpleNamespace(**model.Outputs.export())
