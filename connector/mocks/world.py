"""One world of mocks: a clock, a log, the four services, and those who act in them.

Everything in it shares one clock and one seed, so that two worlds differ only by what was done to them.
Identifiers follow from the seed; secrets are made anew for each world unless given.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from starlette.types import ASGIApp

from connector.mocks.entra import GRAPH, MANAGEMENT, AppRegistration, EntraMock
from connector.mocks.faults import Faults
from connector.mocks.graph import GraphMock
from connector.mocks.guard import guarded
from connector.mocks.kernel import Clock, RequestLog
from connector.mocks.microsoft import MicrosoftConnector
from connector.mocks.player import Player
from connector.mocks.scenario import SHIPPED, read_journeys
from connector.mocks.sentinel import SentinelMock
from connector.mocks.servicenow import ServiceNowMock

GRAPH_REQUESTS_PER_MINUTE = 150


@dataclass
class Conduct:
    """How a running world behaves as a whole; every member may be changed at any time.

    `auto` plays journeys by the clock, `microsoft` lets Microsoft's own connector copy incidents to Sentinel
    and back. Each `..._delay` is how many seconds longer every answer of that mock takes.
    """

    auto: bool = False
    microsoft: bool = False
    xdr_delay: float = 0.0
    entra_delay: float = 0.0
    sentinel_delay: float = 0.0
    servicenow_delay: float = 0.0


@dataclass(frozen=True)
class WorldSettings:
    """How a world begins.

    `incidents` of a seeded population and the journey `scenario` (a name, `all` or None) are there from the
    start. `quotas` are `lifted` or `published`. `microsoft` lets Microsoft's own connector copy incidents to
    Sentinel. `auto` plays journeys by the clock. `frozen_at` fixes the clock.
    """

    seed: int = 0
    incidents: int = 0
    scenario: str | None = None
    quotas: Literal["lifted", "published"] = "lifted"
    microsoft: bool = False
    auto: bool = False
    latency: float = 0.0
    frozen_at: datetime | None = None
    journeys: Path = SHIPPED
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    username: str = "integration"
    resource_group: str = "soc"
    workspace: str = "contoso"


class World:
    """The mocks and what they share; `apps` holds the guarded ASGI applications by mock."""

    def __init__(self, settings: WorldSettings | None = None) -> None:
        self.settings = settings or WorldSettings()
        self.seed = self.settings.seed
        self.clock = Clock(self.settings.frozen_at)
        self.log = RequestLog()
        self.faults = Faults()
        self.conduct = Conduct(self.settings.auto, self.settings.microsoft, *[self.settings.latency] * 4)
        self.tenant_id = self._identifier("tenant")
        self.subscription_id = self._identifier("subscription")
        self.entra = self._make_entra()
        self.graph = GraphMock(
            self.clock, authorize=self.entra.authorize(GRAPH), tenant_id=self.tenant_id, seed=self.seed
        )
        self.sentinel = self._make_sentinel()
        self.servicenow = ServiceNowMock(
            self.clock, username=self.settings.username, password=self.settings.password, seed=self.seed
        )
        self.microsoft = self._make_microsoft()
        self.player = Player(self.clock, self.graph.portal, read_journeys(self.settings.journeys))
        self.apps = {name: self._guarded(name, app) for name, app in self._bare_apps().items()}
        self.set_quotas(self.settings.quotas)
        self._fill(self.settings.incidents, self.settings.scenario)

    def set_quotas(self, quotas: Literal["lifted", "published"]) -> None:
        """Lift the rate limits of Graph and Sentinel, or apply the published ones."""
        published = quotas == "published"
        self.graph.settings.rate_limit = GRAPH_REQUESTS_PER_MINUTE if published else None
        self.sentinel.settings.provider_limits = published
        self.sentinel.settings.arm_limits = published

    def switches(self) -> Mapping[str, Any]:
        """Return the objects whose attributes are the switches, by the name the control API uses."""
        return {
            "xdr": self.graph.settings,
            "entra": self.entra.settings,
            "sentinel": self.sentinel.settings,
            "servicenow": self.servicenow.settings,
            "world": self.conduct,
        }

    def contents(self) -> Mapping[str, Any]:
        """Return for each mock the function that returns what it holds."""
        return {
            "xdr": self.graph.contents,
            "entra": self.entra.contents,
            "sentinel": self.sentinel.contents,
            "servicenow": self.servicenow.contents,
        }

    def tick(self) -> None:
        """Let time do its work: journeys that run by the clock, and Microsoft's own connector."""
        if self.conduct.auto:
            self.player.tick()
        self.microsoft.enabled = self.conduct.microsoft
        self.microsoft.tick()

    def reset(self, incidents: int = 0, seed: int | None = None, scenario: str | None = None) -> None:
        """Empty every mock, the log and the faults, then begin again; switches, tokens and time stay."""
        self.seed = self.seed if seed is None else seed
        for mock in (self.graph, self.sentinel, self.servicenow):
            mock.reset()
        self.microsoft = self._make_microsoft()
        self.player.clear()
        self.faults.clear()
        self.log.clear()
        self._fill(incidents, scenario)

    def _fill(self, incidents: int, scenario: str | None) -> None:
        if incidents:
            self.graph.populate(incidents, self.seed)
        if scenario is not None:
            self.player.start(scenario)

    def _make_microsoft(self) -> MicrosoftConnector:
        return MicrosoftConnector(self.clock, self.graph, self.sentinel, seed=self.seed)

    def _make_entra(self) -> EntraMock:
        client_id = self._identifier("client")
        registration = AppRegistration(self.tenant_id, client_id, self.settings.client_secret)
        return EntraMock(self.clock, registration)

    def _make_sentinel(self) -> SentinelMock:
        return SentinelMock(
            self.clock,
            authorize=self.entra.authorize(MANAGEMENT),
            subscription_id=self.subscription_id,
            resource_group=self.settings.resource_group,
            workspace=self.settings.workspace,
            tenant_id=self.tenant_id,
            seed=self.seed,
        )

    def _bare_apps(self) -> dict[str, ASGIApp]:
        return {
            "xdr": self.graph.app,
            "entra": self.entra.app,
            "sentinel": self.sentinel.app,
            "servicenow": self.servicenow.app,
        }

    def _guarded(self, name: str, app: ASGIApp) -> ASGIApp:
        conduct, delay = self.conduct, f"{name}_delay"
        return guarded(
            app,
            mock=name,
            clock=self.clock,
            log=self.log,
            faults=self.faults,
            latency=lambda: float(getattr(conduct, delay)),
        )

    def _identifier(self, what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"connector.mocks/{self.settings.seed}/{what}"))
