"""Countries by their two letters, and whether a point lies in the United States.

In: a code or a point. Out: whether it is one of ISO 3166, or lies there.
"""

from __future__ import annotations

#: Officially assigned codes of ISO 3166-1 alpha-2.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)
COUNTRIES = frozenset(_CODES.split())

#: Codes that are often written for another.
MEANT = {"UK": "GB", "EL": "GR", "KSA": "SA", "UAE": "AE", "USA": "US"}

#: Coarse outlines (degrees east, degrees north) of the contiguous states, Alaska and Hawaii: good
#: to some 50 km, which is enough to tell whose prices a point without a country has.
_OUTLINES = (
    (
        (-124.9, 48.4), (-123.2, 48.4), (-122.8, 49.0), (-95.2, 49.0), (-94.6, 48.7), (-93.0, 48.6),
        (-89.6, 48.0), (-88.3, 48.2), (-84.8, 46.8), (-83.5, 45.9), (-82.4, 45.3), (-82.4, 43.0),
        (-83.1, 42.1), (-82.5, 41.7), (-79.0, 42.8), (-79.1, 43.4), (-76.4, 44.1), (-74.7, 45.0),
        (-71.5, 45.0), (-70.3, 45.9), (-69.2, 47.5), (-67.8, 47.1), (-66.9, 44.8), (-69.8, 43.3),
        (-69.5, 41.2), (-73.5, 40.2), (-75.2, 35.0), (-80.5, 31.5), (-79.8, 26.8), (-80.2, 24.3),
        (-82.5, 24.3), (-83.2, 28.5), (-85.3, 29.3), (-89.0, 28.8), (-94.0, 29.2), (-97.0, 27.5),
        (-97.1, 25.9), (-99.1, 26.4), (-100.3, 28.3), (-101.4, 29.8), (-102.4, 29.8),
        (-103.1, 29.0), (-104.5, 29.6), (-106.5, 31.75), (-108.2, 31.78), (-108.2, 31.33),
        (-111.1, 31.33), (-114.8, 32.5), (-117.2, 32.53), (-120.8, 34.2), (-124.6, 40.4),
    ),
    ((-141.0, 69.9), (-156.5, 71.6), (-168.5, 66.0), (-168.5, 53.0), (-130.0, 54.7),
     (-130.0, 56.2), (-135.5, 59.7), (-141.0, 60.3)),
    ((-160.5, 18.7), (-154.6, 18.7), (-154.6, 22.4), (-160.5, 22.4)),
)  # fmt: skip


def in_the_united_states(latitude_deg: float, longitude_deg: float) -> bool:
    """Whether a point lies in one of the fifty states, by coarse outlines."""
    return any(_inside(latitude_deg, longitude_deg, outline) for outline in _OUTLINES)


def _inside(north: float, east: float, outline: tuple[tuple[float, float], ...]) -> bool:
    """Whether a ray to the east crosses the outline an odd number of times."""
    inside = False
    for (x0, y0), (x1, y1) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (y0 > north) != (y1 > north) and east < x0 + (north - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
