"""The Graph source when the service is in trouble: what fails alone is set aside, what fails for all is raised."""

import httpx
import pytest

from connector.errors import RejectedError, TransientError
from connector.model import Position, Revision
from connector.sources import course as course_module
from tests.flow.graph_site import BEGINNING, NOW, Site, ids, positions, sweep


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


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
    assert ids(later) == poison
    assert [aside for page in later for aside in page.set_aside] == []


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


async def test_an_incident_that_breaks_every_list_is_set_aside_and_the_rest_goes_on(site: Site) -> None:
    made = [site.incident(minute) for minute in range(14)]
    broken = site.incident(7, displayName="Broken")
    site.hosts.replaced = (b'"displayName":"Broken"', b'"displayName":')
    for options in ({"page_size": 8}, {"page_size": 8, "expand_alerts": False}):
        source = site.source(**options)
        pages = [page async for page in source.changes(BEGINNING)]
        assert sorted(ids(pages), key=int) == made
        assert [aside.incident for page in pages for aside in page.set_aside] == [broken]
        assert positions(pages)[-1] == "2026-02-01T00:13:00.23Z"
        site.hosts.replaced, broken_bytes = (b"", b""), site.hosts.replaced
        assert ids(await sweep(source, Position(Revision.of(NOW)), again=[broken])) == [broken]
        site.hosts.replaced = broken_bytes


async def test_an_incident_that_breaks_the_page_behind_a_link_is_set_aside(site: Site) -> None:
    made = [site.incident(4) for _ in range(9)]
    broken = site.incident(4, displayName="Broken")
    site.hosts.replaced = (b'"displayName":"Broken"', b'"displayName":')
    pages = await sweep(site.source(page_size=4))
    assert sorted(ids(pages), key=int) == made
    assert [aside.incident for page in pages for aside in page.set_aside] == [broken]


async def test_alerts_without_an_address_of_their_own_do_not_mean_that_the_incident_is_gone(
    site: Site,
) -> None:
    incident = site.incident(1)
    site.world.graph.settings.poison_ids = [incident]
    fault = {"kind": "status", "status": 404}
    site.world.faults.add({"mock": "xdr", "path_regex": f"/{incident}/alerts", "fault": fault})
    first, _ = await sweep(site.source(), Position(Revision.of(NOW)), again=[incident])
    assert ([aside.incident for aside in first.set_aside], first.gone) == ([incident], ())


async def test_what_was_set_aside_and_is_not_there_any_more_is_gone(site: Site) -> None:
    again = [site.incident(1), "99", "(no id, 0123456789ab)"]
    first, last = await sweep(site.source(), Position(Revision.of(NOW)), again=again)
    assert (ids([first]), first.set_aside, first.gone) == (again[:1], (), ("99",))
    assert last.gone == ("(no id, 0123456789ab)",)


async def test_a_row_without_an_id_stays_set_aside_while_it_is_met(site: Site) -> None:
    site.incident(1, omit=["id"])
    (page,) = await sweep(site.source())
    (aside,) = page.set_aside
    (again,) = await sweep(site.source(), again=[aside.incident])
    assert (again.set_aside, again.gone) == ((aside,), ())


async def test_one_incident_still_failing_is_set_aside_again(site: Site) -> None:
    incident = site.incident(1)
    site.world.faults.add(
        {"mock": "xdr", "path_regex": f"/{incident}", "fault": {"kind": "status", "status": 500}}
    )
    first, _ = await sweep(site.source(), Position(Revision.of(NOW)), again=[incident, "../me"])
    assert first.position is None
    assert [aside.incident for aside in first.set_aside] == [incident]
    assert incident in first.set_aside[0].reason
    assert not any("/me" in request.url.path for request in site.hosts.asked)


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


async def test_a_link_to_another_host_is_never_followed(site: Site) -> None:
    for minute in (1, 1, 1, 1, 1, 2):
        site.incident(minute)
    site.hosts.replaced = (b'Link":"https://graph.microsoft.com', b'Link":"https://elsewhere.example')
    pages = site.source(page_size=4).changes(BEGINNING)
    assert (await anext(pages)).warnings, "said where times lead on without the link"
    await anext(pages)
    with pytest.raises(TransientError, match="another host"):
        await anext(pages)
    assert {request.url.host for request in site.hosts.asked} <= set(site.hosts.names)


async def test_an_answer_without_a_list_is_none(site: Site) -> None:
    site.incident(1)
    site.hosts.replaced = (b'"value":', b'"values":')
    with pytest.raises(TransientError, match="no list"):
        await sweep(site.source())


async def test_an_answer_for_another_incident_is_not_taken(site: Site) -> None:
    incident, other = site.incident(1), site.incident(2)
    site.hosts.replaced = (f'"id":"{incident}"'.encode(), f'"id":"{other}"'.encode())
    first, _ = await sweep(site.source(), Position(Revision.of(NOW)), again=[incident])
    assert first.incidents == ()
    assert first.set_aside[0].incident == incident


async def test_many_failing_incidents_take_turns(site: Site) -> None:
    known = [str(number) for number in range(1000, 1060)]
    site.world.faults.add(
        {"mock": "xdr", "path_regex": r"/1\d\d\d", "fault": {"kind": "status", "status": 500}}
    )
    source = site.source()
    tried: set[str] = set()
    for _ in range(3):
        page, _ = [page async for page in source.changes(BEGINNING, again=known)]
        assert page.read == 25
        tried |= {aside.incident for aside in page.set_aside}
    assert tried == set(known)


async def test_a_settled_refusal_is_raised(site: Site) -> None:
    fault = {
        "kind": "status",
        "status": 400,
        "body": {"error": {"code": "BadRequest", "message": "Invalid filter"}},
    }
    site.world.faults.add({"mock": "xdr", "fault": fault})
    with pytest.raises(RejectedError, match="Invalid filter"):
        await sweep(site.source())
    assert len(site.lists) == 1
