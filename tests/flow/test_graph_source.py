"""The Graph source against the Graph mock, in process: order, page borders, and nothing lost to either."""

from typing import Any

import httpx
import pytest

from connector.errors import AuthError
from connector.model import Position, Revision
from tests.flow.graph_site import BEGINNING, Site, ids, positions, sweep


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


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


@pytest.mark.parametrize("text", ["2026-02-01T00:01:00.2300000", "2026-02-01T01:01:00.23+01:00"])
async def test_a_time_is_asked_for_with_its_zone_however_it_came(site: Site, text: str) -> None:
    site.incident(1)
    site.incident(2)
    site.hosts.replaced = (b"2026-02-01T00:01:00.23Z", text.encode())
    pages = await sweep(site.source(page_size=1))
    assert positions(pages)[0] == text
    assert len(ids(pages)) == 2


async def test_the_next_sweep_begins_the_overlap_earlier(site: Site) -> None:
    made = [site.incident(minute) for minute in range(10)]
    since = Position(Revision.parse("2026-02-01T00:08:00.23Z"))
    assert ids(await sweep(site.source(overlap="2m"), since)) == made[6:]


async def test_no_overlap_reaches_before_the_start(site: Site) -> None:
    made = [site.incident(minute) for minute in range(4)]
    start = Position(Revision.parse("2026-02-01T00:02:00Z"))
    pages = [page async for page in site.source(overlap="2m").changes(start, start=start)]
    assert ids(pages) == made[2:]


@pytest.mark.parametrize("page_size", [2, 50])
async def test_a_time_in_the_future_hides_nothing_that_is_updated_later(site: Site, page_size: int) -> None:
    made = [site.incident(minute) for minute in range(3)]
    odd = [
        str(site.world.graph.portal.create({"lastUpdateDateTime": f"9999-12-31T23:59:5{n}Z"})["id"])
        for n in (7, 8, 9)
    ]
    source = site.source(page_size=page_size)
    pages = [page async for page in source.changes(BEGINNING)]
    assert ids(pages) == made + odd
    assert positions(pages)[-1] == "2026-02-01T00:02:00.23Z"
    assert "9999-12-31T23:59:59Z" in pages[-1].warnings[0]
    later = site.incident(60)
    assert later in ids(await sweep(source, Position(Revision.parse(positions(pages)[-1]))))


async def test_awaiting_action_arrives_as_itself(site: Site) -> None:
    site.incident(1, status="awaitingAction", assignedTo="Customer")
    (page,) = await sweep(site.source())
    assert page.incidents[0].snapshot["status"] == "awaitingAction"


async def test_without_alerts_there_are_no_facts(site: Site) -> None:
    site.incident(1)
    (page,) = await sweep(site.source(expand_alerts=False))
    assert "alertCount" not in page.incidents[0].snapshot
    assert "alerts" not in site.lists[0]


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


async def test_one_incident_as_it_is_now(site: Site) -> None:
    made = site.incident(1)
    found = await site.source().one(made)
    assert found is not None
    assert (found.key.incident, found.revision.raw) == (made, "2026-02-01T00:01:00.23Z")
    assert "alerts" not in found.snapshot
    for missing in ("987654321", "../users", ""):
        assert await site.source().one(missing) is None
