"""The composition root and what runs on it: one pass (`sync`), the daemon (`run`), a trial (`plan`), `apply`."""

from connector.app.alike import Trouble, alike, named
from connector.app.applying import Applied, Applying
from connector.app.build import App, Feed, build, open_store, system_user, utc_now
from connector.app.daemon import HEARTBEAT, run
from connector.app.in_force import active, load_in_force
from connector.app.passing import Synced, sync
from connector.app.planning import Scope, plan

__all__ = [
    "HEARTBEAT",
    "App",
    "Applied",
    "Applying",
    "Feed",
    "Scope",
    "Synced",
    "Trouble",
    "active",
    "alike",
    "build",
    "load_in_force",
    "named",
    "open_store",
    "plan",
    "run",
    "sync",
    "system_user",
    "utc_now",
]
