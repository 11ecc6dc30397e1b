"""The composition root and the two ways to run what it builds: one pass (`sync`), or the daemon (`run`)."""

from connector.app.build import App, Feed, build, open_store, utc_now
from connector.app.daemon import HEARTBEAT, run
from connector.app.passing import Synced, sync

__all__ = ["HEARTBEAT", "App", "Feed", "Synced", "build", "open_store", "run", "sync", "utc_now"]
