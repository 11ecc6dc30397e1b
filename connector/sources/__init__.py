"""Where incidents come from. `AnySource` is the registry: a new kind of source is one more member of it."""

from connector.sources.graph import GraphSource
from connector.sources.settings import GraphSettings, PollSettings

AnySource = GraphSettings

__all__ = ["AnySource", "GraphSettings", "GraphSource", "PollSettings"]
