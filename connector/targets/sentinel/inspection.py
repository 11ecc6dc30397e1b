"""What a look at a workspace finds before the first write: who fills it, and whether our role lets us write.

Rights are asked for as the portal does, by the list of permitted actions: a write that is tried would be a write.
Sources: learn.microsoft.com, "Permissions - List For Resource" (Microsoft.Authorization), "Azure built-in roles for
Security", "Microsoft Defender XDR integration with Microsoft Sentinel".
"""

import fnmatch
from collections.abc import Sequence

from connector.errors import ConnectorError
from connector.model import JSON, Finding, Writing
from connector.model.finding import ok, problem, warning
from connector.targets.sentinel.calls import Calls, Place
from connector.targets.sentinel.ours import is_microsofts

_API = "2022-04-01"
_WRITE = "Microsoft.SecurityInsights/incidents/write"
_COMMENT = "Microsoft.SecurityInsights/incidents/comments/write"
_TASK = "Microsoft.SecurityInsights/incidents/tasks/write"
_RESPONDER = "give the application the role Microsoft Sentinel Responder on the workspace's resource group"
_NEWEST = 50


async def inspect_workspace(place: Place, writings: Sequence[Writing], *, creates: bool) -> list[Finding]:
    """What there is to say of a workspace that lets us in; `creates`: incidents are ours."""
    return [await _owner(place, creates=creates), *await _rights(place, writings)]


async def _owner(place: Place, *, creates: bool) -> Finding:
    rows = [row async for page in Calls(place).pages(top=_NEWEST, most=1) for row in page]
    theirs = sum(is_microsofts(row) for row in rows)
    none = f"none of the newest {len(rows)} is Microsoft's" if rows else "there is none yet"
    if creates:  # that none is Microsoft's was asked by the probe
        return ok("incidents", f"are ours: {none}")
    if theirs:
        return ok("incidents", f"are Microsoft's: {theirs} of the newest {len(rows)}")
    what = f"are to be Microsoft's, but {none}, so there is nothing to join"
    return warning(
        "incidents", what, "connect Microsoft Defender XDR to the workspace, or say `incidents: ours`"
    )


async def _rights(place: Place, writings: Sequence[Writing]) -> list[Finding]:
    needed = [_WRITE]
    needed += [_COMMENT] if any(writing.notes for writing in writings) else []
    needed += [_TASK] if any(writing.tasks for writing in writings) else []
    try:
        granted = await _permissions(place)
    except ConnectorError as error:
        remedy = f"the first write tells; {_RESPONDER}"
        return [warning("role", f"what the application may do cannot be read: {error.message}", remedy)]
    refused = [action for action in needed if not any(_allows(each, action) for each in granted)]
    if refused:
        return [problem("role", f"does not allow {' and '.join(refused)}", _RESPONDER)]
    return [ok("role", f"allows {' and '.join(needed)}")]


async def _permissions(place: Place) -> list[dict[str, JSON]]:
    workspace = place.path.partition("/providers/Microsoft.SecurityInsights/")[0]
    answer = await place.peer.request(
        "GET",
        f"{workspace}/providers/Microsoft.Authorization/permissions",
        operation="list permissions",
        params={"api-version": _API},
    )
    rows = answer.data.get("value") if isinstance(answer.data, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _allows(granted: dict[str, JSON], action: str) -> bool:
    """Whether one grant covers an action: named under `actions`, and not taken away again by `notActions`."""
    return _names(granted.get("actions"), action) and not _names(granted.get("notActions"), action)


def _names(patterns: JSON, action: str) -> bool:
    known = [str(pattern) for pattern in patterns] if isinstance(patterns, list) else []
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in known)
