"""Stored incidents as a route's mapping sees them: beside the records that are known of them."""

import json
from pathlib import Path

import pytest

from connector.cli.exits import Exit
from connector.model import IncidentKey, Link
from connector.store import Tx, links
from connector.store.links import Linked
from tests.support.commandline import command_line
from tests.support.inprocess import Lab
from tests.support.storied import incident, stocked, store, tenant_of, write, written

MAPPING = """\
version: 1
name: names
target: servicenow
fields:
  short_description: >-
    {{ record.number }} {{ links.sentinel.number }} {{ links.contoso_sentinel.url }}
    {{ mergedInto.number }}
"""


@pytest.fixture
def state(tmp_path: Path) -> Lab:
    made = stocked(tmp_path)
    tenant = tenant_of(made)
    store(made, incident(tenant, 99, 5, redirectIncidentId="4711"))

    def link(tx: Tx) -> None:
        for number, route, target in (
            ("99", "contoso-servicenow", "servicenow"),
            ("99", "contoso-sentinel", "sentinel"),
            ("4711", "contoso-servicenow", "servicenow"),
        ):
            known = Link(
                f"{target}-{number}", number=f"{target[:3]}{number}", url=f"https://{target}.example/{number}"
            )
            links.put(tx, [Linked(route, IncidentKey(tenant, number), target, known)])

    write(made, link)
    return made


def test_records_are_seen_as_the_route_sees_them(
    state: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    route = ["--config", str(state.config.path), "--route", "contoso-servicenow"]
    done = command_line(
        monkeypatch, ["mapping", "explain", written("names.yaml", MAPPING), "99", *route, "--json"]
    )
    assert done.code == Exit.OK
    (field,) = json.loads(done.out)["fields"]
    assert field["outcome"] == "ser99 sen99 https://sentinel.example/99 ser4711"
    assert {"name": "record.number", "value": "ser99", "unknown": False} in field["looked"]
