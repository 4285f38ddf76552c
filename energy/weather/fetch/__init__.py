"""Weather from services, kept in a cache."""

from energy.weather.fetch.services import SOURCES, Source, cached, fetch

__all__ = ["SOURCES", "Source", "cached", "fetch"]
