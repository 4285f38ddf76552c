"""How far the wet bulb is off where the humidity is estimated: against files that recorded it.

Run: python tests/benchmarks/validate_wet_bulb.py FILE... (EPW, TMY3, NSRDB with a dew point)

24 places, November 2026: TMY3 and IWEC of EnergyPlus (as in sinergym 3.5.1, ochre-nrel 0.9.2,
bifacialvf 0.2.0), NSRDB (as in h2integrate 0.10.0, pvdeg 0.7.4, ochre-nrel 0.9.2):

place                     range   mean    rms   hottest 1 %
Denver TMY3               14.5 K  +0.3   2.1 K  +1.5 K
Aurora CO TMY3            13.5    +0.2   2.6    +1.7
Fort Collins 2018         14.4    +0.4   1.7    +1.3
Golden CO 1999            13.5    +0.7   1.6    +2.0
Golden CO 2022            14.5    +0.8   1.8    +2.2
Amarillo 2012             15.3    +0.8   1.9    +1.8
Crockett TX 2013          14.3    +0.1   2.0    +0.5
Tucson TMY3               14.4    +3.0   3.9    +3.2
Granada                   15.0    -0.3   1.5    +1.5
Cairo                     10.7    +2.4   3.0    +3.7
Rome 2008                  8.8    +1.4   2.2    +3.8
Sydney                     7.9    +1.3   2.1    +1.2
New York TMY3              7.5    +1.0   2.1    +0.9
Shanghai                   6.8    +0.5   1.3    +1.3
Antananarivo               9.7    +0.4   1.1    +0.6
Pittsburgh TMY3            8.9    +0.4   1.5    +0.3
Richmond VA TMY           11.4    +0.2   1.7    -0.1
Chicago TMY3              10.0    +0.2   1.5    -0.3
Stockholm                  6.6    +0.2   1.2    +0.8
Helsinki                   6.9    +0.0   1.2    +0.2
Port Angeles WA TMY3       7.8    -0.2   1.0    -0.4
Tokyo Hyakuri              9.8    -0.5   1.5    -1.3
Minnesota 2013            10.4    -0.6   1.3    -0.8
Bogota                    11.1    -0.9   1.6    -1.3
"""

from __future__ import annotations

import sys

import numpy as np

from energy.errors import WeatherError
from energy.weather import read_weather
from energy.weather.humidity import estimated_dew_c, pressure_pa, wet_bulb_c
from energy.weather.series import DEW


def main(paths: list[str]) -> None:
    """Print one line a file: daily range, mean error, its root mean square, hottest 1 %."""
    for path in paths:
        try:
            weather = read_weather(path)
        except WeatherError as error:
            print(error, file=sys.stderr)
            continue
        if DEW not in weather.frame:
            print(f"{path}: no humidity", file=sys.stderr)
            continue
        air_pa = pressure_pa(weather.place.elevation_m)
        air = weather.frame["temp_air"]
        days = air.groupby(weather.local_middle.normalize().to_numpy())
        recorded, estimated = (
            wet_bulb_c(air.to_numpy(), dew, air_pa)
            for dew in (weather.frame[DEW].to_numpy(), estimated_dew_c(weather))
        )
        error_k = estimated - recorded
        hottest_k = np.percentile(estimated, 99) - np.percentile(recorded, 99)
        print(
            f"{weather.source[:40]:40} {(days.max() - days.min()).mean():5.1f} K "
            f"{error_k.mean():+5.1f} {np.sqrt((error_k**2).mean()):5.1f} K {hottest_k:+5.1f} K"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
