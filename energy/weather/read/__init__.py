"""Weather from files: one reader a format."""

from energy.weather.read.files import read_weather, write_parquet

__all__ = ["read_weather", "write_parquet"]
