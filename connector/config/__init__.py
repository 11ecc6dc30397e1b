"""From documents to frozen models: every problem at once, each with file, line, column and remedy."""

from connector.config.load import Config, Route, load
from connector.config.mappings import read_mapping, shipped_mappings
from connector.config.settings import ConfigFile

__all__ = ["Config", "ConfigFile", "Route", "load", "read_mapping", "shipped_mappings"]
