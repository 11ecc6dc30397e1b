"""The Graph source against the Graph mock, in process: every oddity of the list, and nothing lost to any of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connector.errors import AuthError, TransientError
from connector.http import Runtime
from connector.mocks.world import World, WorldSettings
from connector.model import Page, Position, Revision
from connector.sources import GraphSettings, GraphSource
from connector.sources import course as course_module

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGINNING = Position(Revision.parse("2026-01-01T00:00:00Z"))


class Hosts(httpx.AsyncBaseTransport):
    """Leads each host to an application in this process, and keeps what was asked."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self._transports = {host: httpx.ASGITransport(app) for host, app in apps.items()}
        self.asked: list[httpx.Request] = []
        self.before: Any = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.before is not None:
            self.before(request)
        return await self._transports[request.url.host].handle_async_request(request)


class Site:
    """A world of mocks and the Graph source that looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(WorldSettings(frozen_at=NOW, client_secret="not-a-secret"))
        self.hosts = Hosts(
            {
                "graph.microsoft.com": self.world.apps["xdr"],
                "login.microsoftonline.com": self.world.apps["entra"],
            }
        )
        self.slept: list[float] = []
        monkeypatch.setenv("GRAPH_SECRET", "not-a-secret")

    def source(self, **poll: Any) -> GraphSource:
        settings = GraphSettings.model_validate(
            {
                "name": "contoso",
                "type": "graph",
                "tenant_id": self.world.tenant_id,
                "start": "30d",
                "poll": poll,
                "auth": {
                    "type": "client_secret",
                    "client_id": self.world.entra.registration.client_id,
                    "client_secret": {"env": "GRAPH_SECRET"},
                },
            }
        )
        return settings.build(Runtime(now=self.world.clock.now, sleep=self._sleep, transport=self.hosts))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.advance(timedelta(seconds=seconds))

    def incident(self, minute: float, **values: Any) -> str:
        """Create an incident last updated so many minutes into February 2026; returns its id."""
        moment = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minute)
        created = self.world.graph.portal.create(
            values | {"lastUpdateDateTime": moment.strftime("%FT%T.23Z")}
        )
        return str(created["id"])

    def touch(self, incident: str, **values: Any) -> None:
        self.world.clock.advance(timedelta(seconds=1))
        self.world.graph.portal.set(incident, values, by="somebody")

    @property
    def lists(self) -> list[str]:
        return [str(r.url) for r in self.hosts.asked if r.url.path.endswith("/incidents")]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


async def sweep(source: GraphSource, since: Position = BEGINNING, again: Sequence[str] = ()) -> list[Page]:
    pages = [page async for page in source.changes(since, again=again)]
    await source.close()
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return pages


def ids(pages: Sequence[Page]) -> list[str]:
    return [incident.key.incident for page in pages for incident in page.incidents]


def positions(pages: Sequence[Page]) -> list[str]:
    return [page.position.revision.raw for page in pages if page.position]


# ---------------------------------------------------------------------------------------------------- ordinary


async def test_nothing_new_is_one_empty_last_page(site: Site) -> None:
    (page,) = await sweep(site.source())
    assert (page.incidents, page.position, page.read, page.requests, page.last) == ((), None, 0, 1, True)
    assert len(page.request_ids) == 1


async def test_every_incident_comes_once_oldest_first_with_its_facts(site: Site) -> None:
    made = [site.incident(minute) for minute in range(7)]
    device = {
        "@odata.type": "#microsoft.graph.security.deviceEvidence",
        "deviceDnsName": "pc.contoso.example",
        "rbacGroupName": "Servers",
    }
    site.world.graph.portal.add_alert(made[3], {"evidence": [device]}, by="service")
    pages = await sweep(site.source(page_size=3))
    expected = [incident for incident in made if incident != made[3]] + [made[3]]
    assert ids(pages) == expected
    snapshot = pages[-1].incidents[-1].snapshot
    assert snapshot["alertCount"] == 1
    assert snapshot["devices"] == ["pc.contoso.example"]
    assert snapshot["deviceGroups"] == ["Servers"]
    assert "alerts" not in snapshot


async def test_the_position_is_the_services_own_text(site: Site) -> None:
    site.incident(1)
    pages = await sweep(site.source())
    assert positions(pages) == ["2026-02-01T00:01:00.23Z"]


async def test_the_next_sweep_begins_the_overlap_earlier(site: Site) -> None:
    made = [site.incident(minute) for minute in range(10)]
    since = Position(Revision.parse("2026-02-01T00:08:00.23Z"))
    assert ids(await sweep(site.source(overlap="2m"), since)) == made[6:]


async def test_awaiting_action_arrives_as_itself(site: Site) -> None:
    site.incident(1, status="awaitingAction", assignedTo="Customer")
    (page,) = await sweep(site.source())
    assert page.incidents[0].snapshot["status"] == "awaitingAction"


async def test_without_alerts_there_are_no_facts(site: Site) -> None:
    site.incident(1)
    (page,) = await sweep(site.source(expand_alerts=False))
    assert "alertCount" not in page.incidents[0].snapshot
    assert "alerts" not in site.lists[0]


# -------------------------------------------------------------------------------------------------- page borders


@pytest.mark.parametrize("tied", [2, 5, 6, 13])
@pytest.mark.parametrize("next_link", ["skiptoken", "skip"])
async def test_ties_across_page_borders_lose_nothing(site: Site, tied: int, next_link: Any) -> None:
    site.world.graph.settings.next_link = next_link
    made = [site.incident(minute) for minute in (1, 2, 3)]
    made += [site.incident(4) for _ in range(tied)]
    made += [site.incident(minute) for minute in (5, 6, 7)]
    assert sorted(ids(await sweep(site.source(page_size=5))), key=int) == made


async def test_links_are_not_followed_while_times_lead_on(site: Site) -> None:
    made = [site.incident(minute) for minute in range(12)]
    site.world.graph.settings.failing_links = True
    assert ids(await sweep(site.source(page_size=5))) == made
    assert not [url for url in site.lists if "skip" in url]


async def test_rows_that_move_between_pages_are_not_lost(site: Site) -> None:
    made = [site.incident(minute) for minute in range(12)]
    source = site.source(page_size=4)
    seen: list[str] = []
    async for page in source.changes(BEGINNING):
        seen += ids([page])
        if len(seen) == 4:
            site.touch(made[0], severity="high")
            site.touch(made[1], severity="high")
    await source.close()
    assert set(seen) == set(made)
    assert seen[-2:] == made[:2]


async def test_rows_that_leave_a_long_tie_while_it_is_read_take_nobody_with_them(site: Site) -> None:
    made = [site.incident(4) for _ in range(11)]
    moving = iter(made)

    def move(request: httpx.Request) -> None:
        if "skiptoken" in str(request.url) and not moved:
            moved.append(next(moving))
            site.touch(moved[0], severity="high")

    moved: list[str] = []
    site.incident(9)
    site.hosts.before = move
    assert set(made) <= set(ids(await sweep(site.source(page_size=4))))
    assert moved


async def test_an_unsorted_answer_is_read_to_its_end_but_moves_by_one_page(
    site: Site,
) -> None:
    made = [site.incident(minute) for minute in range(10)]
    site.world.graph.settings.unsorted = True
    pages = await sweep(site.source(page_size=4))
    assert sorted(ids(pages), key=int) == made
    assert positions(pages) == ["2026-02-01T00:03:00.23Z"]
    assert pages[-1].position is not None


@pytest.mark.parametrize("switch", ["short_pages", "empty_pages"])
async def test_short_and_empty_pages(site: Site, switch: str) -> None:
    made = [site.incident(minute // 5) for minute in range(30)]
    setattr(site.world.graph.settings, switch, True)
    assert sorted(ids(await sweep(site.source(page_size=4))), key=int) == made


@pytest.mark.parametrize("strict", [False, True])
async def test_a_smaller_limit_of_the_service(site: Site, strict: bool) -> None:
    made = [site.incident(minute) for minute in range(20)]
    site.world.graph.settings.max_top, site.world.graph.settings.strict_top = 6, strict
    source = site.source(page_size=50)
    assert ids([page async for page in source.changes(BEGINNING)]) == made
    site.hosts.asked.clear()
    await sweep(source)
    assert strict == ("$top=6" in site.lists[0]), "a refused size is remembered"


# ------------------------------------------------------------------------------------------------ what is broken


async def test_incidents_whose_alerts_cannot_be_read_are_set_aside_and_the_rest_goes_on(site: Site) -> None:
    made = [site.incident(minute) for minute in range(30)]
    poison = [made[7], made[20], made[29]]
    site.world.graph.settings.poison_ids = poison
    site.world.faults.add(
        {
            "mock": "xdr",
            "path_regex": f"/({'|'.join(poison)})/alerts",
            "fault": {"kind": "status", "status": 500},
        }
    )
    source = site.source(page_size=8)
    pages = [page async for page in source.changes(BEGINNING)]
    assert ids(pages) == [incident for incident in made if incident not in poison]
    assert [aside.incident for page in pages for aside in page.set_aside] == poison
    assert positions(pages)[-1] == "2026-02-01T00:29:00.23Z"
    smallest = next(i for i, url in enumerate(site.lists) if "$top=1&" in url)
    assert any("$top=8" in url and "expand" in url for url in site.lists[smallest:]), "the size recovers"

    site.world.graph.settings.poison_ids = []
    later = await sweep(source, Position(Revision.parse("2026-02-20T00:00:00Z")), again=poison)
    assert [incident for page in later for incident in page.recovered] == poison
    assert ids(later) == poison


async def test_an_incident_whose_alerts_can_be_listed_only_by_themselves_is_read(site: Site) -> None:
    made = [site.incident(minute) for minute in range(6)]
    site.world.graph.portal.add_alert(made[2], {"serviceSource": "microsoftSentinel"}, by="service")
    site.world.graph.settings.poison_ids = [made[2]]
    pages = await sweep(site.source(page_size=3))
    assert sorted(ids(pages), key=int) == made
    (incident,) = [i for page in pages for i in page.incidents if i.key.incident == made[2]]
    assert incident.snapshot["serviceSources"] == ["microsoftSentinel"]


async def test_poison_in_the_middle_of_a_long_tie(site: Site) -> None:
    made = [site.incident(4) for _ in range(17)] + [site.incident(5)]
    site.world.graph.settings.poison_ids = [made[9]]
    assert sorted(ids(await sweep(site.source(page_size=4))), key=int) == made


async def test_one_incident_still_failing_is_set_aside_again(site: Site) -> None:
    incident = site.incident(1)
    site.world.faults.add(
        {"mock": "xdr", "path_regex": f"/{incident}", "fault": {"kind": "status", "status": 500}}
    )
    first, _ = await sweep(site.source(), Position(Revision.of(NOW)), again=[incident, "../me", "99"])
    assert first.position is None
    assert [aside.incident for aside in first.set_aside] == [incident, "99"]
    assert "99" in first.set_aside[1].reason


async def test_one_bad_item_costs_no_other(site: Site) -> None:
    good = [site.incident(1), site.incident(6)]
    no_time = site.incident(2, omit=["lastUpdateDateTime"])
    wrong = site.incident(3, overrides={"customTags": "a,b"})
    site.incident(4, omit=["id"])
    site.incident(5, overrides={"id": 7})
    (page,) = await sweep(site.source())
    assert ids([page]) == good
    assert [aside.incident for aside in page.set_aside][:2] == [no_time, wrong]
    assert len(page.set_aside) == 4
    assert "lastUpdateDateTime" in page.set_aside[0].reason
    assert "customTags" in page.set_aside[1].reason


async def test_unstorable_characters_are_replaced_and_noted(site: Site) -> None:
    raw = (
        '{"id":"77","lastUpdateDateTime":"2026-02-01T00:05:00Z","displayName":"a\\u0000b","alerts":[],'
        '"customTags":["x","\\ud800"],"score":0.5,"status":"brandNew"}'
    )
    site.incident(1)
    site.incident(5, raw=raw)
    (page,) = await sweep(site.source())
    incident = page.incidents[1]
    assert incident.snapshot["displayName"] == "a�b"
    assert incident.snapshot["customTags"] == ["x", "�"]
    assert incident.snapshot["score"] == "0.5"
    assert incident.snapshot["status"] == "brandNew"
    assert incident.repaired == ("$.displayName", "$.customTags[1]")


@pytest.mark.parametrize("kind", ["html", "malformed", "empty", "cut_before"])
async def test_a_passing_failure_is_repeated_inside(site: Site, kind: str) -> None:
    made = [site.incident(minute) for minute in range(3)]
    site.world.faults.add({"mock": "xdr", "times": 1, "fault": {"kind": kind}})
    assert ids(await sweep(site.source())) == made
    assert len(site.slept) == 1


@pytest.mark.parametrize("kind", ["html", "malformed", "empty", "cut_before"])
async def test_a_lasting_failure_of_everything_sets_nothing_aside(site: Site, kind: str) -> None:
    site.incident(1)
    site.world.faults.add({"mock": "xdr", "fault": {"kind": kind}})
    with pytest.raises(TransientError):
        await sweep(site.source())
    assert len(site.lists) < 20


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_service_that_is_down_sets_nothing_aside(site: Site, status: int) -> None:
    site.incident(1)
    site.world.faults.add({"mock": "xdr", "fault": {"kind": "status", "status": status}})
    with pytest.raises(TransientError, match=f"{status}"):
        await sweep(site.source())


async def test_throttling_is_waited_for_and_pages_given_stay_good(site: Site) -> None:
    made = [site.incident(minute) for minute in range(12)]
    site.world.faults.add(
        {"mock": "xdr", "after": 2, "times": 1, "fault": {"kind": "throttle", "retry_after": 7}}
    )
    source = site.source(page_size=4)
    assert ids(await sweep(source)) == made
    assert site.slept == [7]


async def test_a_long_throttle_leaves_the_sweep_with_its_wait(site: Site) -> None:
    made = [site.incident(minute) for minute in range(12)]
    site.world.faults.add({"mock": "xdr", "after": 1, "fault": {"kind": "throttle", "retry_after": 300}})
    pages = site.source(page_size=4).changes(BEGINNING)
    seen = ids([await anext(pages)])
    with pytest.raises(TransientError) as caught:
        await anext(pages)
    assert caught.value.retry_after == 300
    assert seen == made[:4]
    assert site.slept == []


async def test_a_token_that_dies_in_the_middle_is_replaced(site: Site) -> None:
    made = [site.incident(minute) for minute in range(12)]
    source = site.source(page_size=4)
    seen: list[str] = []
    async for page in source.changes(BEGINNING):
        seen += ids([page])
        site.world.entra.tokens.expire_all()
    await source.close()
    assert seen == made


async def test_a_link_that_repeats_is_not_followed_for_ever(site: Site) -> None:
    for _ in range(9):
        site.incident(1)

    def same(request: httpx.Request) -> None:
        if "skiptoken" in str(request.url):
            request.url = request.url.copy_set_param("$skiptoken", "MDpw")

    site.hosts.before = same
    with pytest.raises(TransientError, match="repeats"):
        await sweep(site.source(page_size=4))


async def test_a_sweep_is_bounded_and_the_next_one_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [site.incident(minute * 5) for minute in range(10)]
    monkeypatch.setattr(course_module, "MOST_PAGES", 2)
    first = await sweep(site.source(page_size=4))
    assert len(first) == 2
    assert first[-1].warnings
    assert first[-1].position is not None
    second = await sweep(site.source(page_size=4), first[-1].position)
    assert set(ids(first)) | set(ids(second)) == set(made)


# ------------------------------------------------------------------------------------------------------- probe


async def test_probe_accepts_a_working_tenant(site: Site) -> None:
    await site.source().probe()


async def test_probe_names_the_missing_permission(site: Site) -> None:
    site.world.entra.settings.roles["https://graph.microsoft.com"] = []
    with pytest.raises(AuthError, match=r"SecurityIncident\.Read\.All"):
        await site.source().probe()


async def test_probe_names_a_wrong_secret_without_showing_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SECRET", "the-wrong-one")
    with pytest.raises(AuthError, match="7000215") as caught:
        await site.source().probe()
    assert "the-wrong-one" not in str(caught.value)
