"""What the bare loop is to send: the connector's own writes of one phase, taken from the mocks' log."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tests.support.harness import LIST_PATH, Mocks

PREFER = {"Prefer": "include-unknown-enum-members"}
Entry = Mapping[str, Any]


def plan_of(mocks: Mocks, recorded: Iterable[Entry], etags: Mapping[str, str]) -> dict[str, Any]:
    """The plan for a phase whose requests were `recorded`; `etags` are those that Sentinel holds by now."""
    entries = list(recorded)
    first_list = next(entry for entry in entries if entry["mock"] == "xdr" and entry["path"] == LIST_PATH)
    line = mocks.first_line
    graph, arm = (f"Bearer {_token(line, line[peer]['url'])}" for peer in ("xdr", "sentinel"))
    basic = base64.b64encode(f"{line['servicenow']['username']}:{line['servicenow']['password']}".encode())
    return {
        "xdr": {
            "url": f"{line['xdr']['url']}{LIST_PATH}?{first_list['query']}",
            "headers": {"Authorization": graph, **PREFER},
        },
        "sentinel": {"headers": _headers(arm), "writes": _writes(line, entries, "sentinel", etags)},
        "servicenow": {
            "headers": _headers(f"Basic {basic.decode()}"),
            "writes": _writes(line, entries, "servicenow", {}),
        },
    }


def etags_of(mocks: Mocks) -> dict[str, str]:
    """The etag of every Sentinel incident, by name."""
    return {each["name"]: each["etag"] for each in mocks.control.contents("sentinel")["incidents"]}


def kinds_of(recorded: Iterable[Entry]) -> Counter[str]:
    """How many requests of each kind: service, method and what they are about."""
    return Counter(f"{entry['mock']} {entry['method']} {_about(entry['path'])}" for entry in recorded)


def statuses_of(recorded: Iterable[Entry]) -> Counter[str]:
    """How many writes were answered with each status."""
    return Counter(f"{each['status']} {each['method']}" for each in recorded if each["kind"] == "write")


def _about(path: str) -> str:
    if "/comments" in path:
        return "comment"
    if path.endswith("/token"):
        return "token"
    return "list" if path.endswith(("/incidents", "/incident")) else "record"


def _writes(
    line: Mapping[str, Any], entries: Iterable[Entry], mock: str, etags: Mapping[str, str]
) -> list[list[dict[str, str]]]:
    """The writes in groups: a record and its comments go one after the other, groups in any order."""
    groups: dict[str, list[dict[str, str]]] = {}
    for entry in entries:
        if entry["mock"] == mock and entry["kind"] == "write" and (entry["status"] or 500) < 300:
            record = entry["request"].get("sys_id") or entry["path"].partition("/comments/")[0]
            body = json.dumps(_with_etag(entry, etags), separators=(",", ":"), ensure_ascii=False)
            url = f"{line[mock]['url']}{entry['path']}?{entry['query']}"
            groups.setdefault(record, []).append({"method": entry["method"], "url": url, "body": body})
    return list(groups.values())


def _with_etag(entry: Entry, etags: Mapping[str, str]) -> Any:
    """The body with the etag that is right in this run; a recorded one would be stale."""
    etag = etags.get(entry["path"].rpartition("/")[2])
    return {**entry["request"], "etag": etag} if etag and "etag" in entry["request"] else entry["request"]


def _headers(authorization: str) -> dict[str, str]:
    return {"Authorization": authorization, "Content-Type": "application/json"}


def _token(line: Mapping[str, Any], resource: str) -> str:
    entra = line["entra"]
    form = {
        "grant_type": "client_credentials",
        "client_id": entra["client_id"],
        "client_secret": entra["client_secret"],
        "scope": f"{resource}/.default",
    }
    answer = httpx.post(f"{entra['url']}/{entra['tenant_id']}/oauth2/v2.0/token", data=form)
    token: str = answer.raise_for_status().json()["access_token"]
    return token
