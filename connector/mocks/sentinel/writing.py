"""What an incident holds after a write: owner completed, labels typed, read-only members kept.

Pure: the store decides when, the validator whether. A PUT replaces, because the API is a PUT and mature
clients resend everything; whether the service really clears each omitted property is not documented, hence
the switch.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from connector.mocks.sentinel import vocabulary
from connector.mocks.sentinel.directory import Directory
from connector.mocks.sentinel.records import JsonObject
from connector.mocks.sentinel.settings import SentinelSettings


def new_properties(provider: str, provider_incident_id: str) -> JsonObject:
    """Return the properties of an incident before anything was written to it."""
    return {
        **dict.fromkeys(vocabulary.WRITABLE),
        "owner": Directory(()).complete(None),
        "labels": [],
        "additionalData": {
            "alertsCount": 0,
            "bookmarksCount": 0,
            "commentsCount": 0,
            "alertProductNames": [],
            "tactics": [],
            "techniques": [],
        },
        "relatedAnalyticRuleIds": [],
        "providerName": provider,
        "providerIncidentId": provider_incident_id,
    }


def put_properties(
    before: JsonObject, body: Mapping[str, Any], settings: SentinelSettings, directory: Directory
) -> JsonObject:
    """Return the properties after a PUT; unknown and read-only members of `body` are ignored."""
    ignored = settings.ignored_properties
    after = dict(before)
    for name in vocabulary.WRITABLE:
        if name not in ignored and (settings.put_replaces or name in body):
            after[name] = _stored(name, body.get(name), before, directory)
    return after


def edited_properties(before: JsonObject, changes: Mapping[str, Any], directory: Directory) -> JsonObject:
    """Return the properties after an edit in the portal or by Microsoft: only what is named changes."""
    after = dict(before)
    for name, value in changes.items():
        if name == "additionalData":
            after[name] = {**before[name], **value}
        elif name == "labels":
            after[name] = _labels(value or (), before[name], named_types=True)
        else:
            after[name] = _stored(name, value, before, directory)
    return after


def _stored(name: str, value: Any, before: JsonObject, directory: Directory) -> Any:
    if name == "owner":
        return directory.complete(value)
    if name == "labels":
        return _labels(value or (), before["labels"])
    return value


def _labels(
    given: Iterable[Any], before: Iterable[JsonObject], *, named_types: bool = False
) -> list[JsonObject]:
    types = {label["labelName"]: label["labelType"] for label in before}
    if named_types:
        types |= {
            label["labelName"]: label["labelType"]
            for label in given
            if not isinstance(label, str) and "labelType" in label
        }
    names = dict.fromkeys(label if isinstance(label, str) else label["labelName"] for label in given)
    return [{"labelName": name, "labelType": types.get(name, "User")} for name in names]
