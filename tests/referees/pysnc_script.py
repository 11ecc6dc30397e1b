"""What ServiceNow's own Python client sees of the mock; runs in that client's environment.

Reads `{"url", "username", "password", "client_id"}` from standard input and prints one JSON object: the
name of a check and what the client answered. The caller judges; here nothing is asserted, so one surprise
hides no other. The environment variable REQUESTS_CA_BUNDLE names the authority, because one of the
client's flows heeds nothing else.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from pysnc import ServiceNowClient, ServiceNowClientCredentialsFlow

CHOSEN_ID = "0123456789abcdef0123456789abcdef"


def listed_over_pages(client: ServiceNowClient) -> dict[str, Any]:
    record = client.GlideRecord("incident", batch_size=10)
    record.add_query("correlation_display", "referee")
    record.order_by("number")
    record.query()
    return {"count": record.get_row_count(), "numbers": [str(row.number) for row in record]}


def listed_by_a_long_query(client: ServiceNowClient) -> int:
    keys = [f"key-{index:03d}-{'x' * 60}" for index in range(200)]
    record = client.GlideRecord("incident")
    record.add_query("correlation_id", "IN", ",".join(["key-1", *keys, "key-2"]))
    record.query()
    return len(list(record))


def created(client: ServiceNowClient) -> dict[str, Any]:
    record = client.GlideRecord("incident")
    record.initialize()
    record.sys_id = CHOSEN_ID
    record.short_description = "Created by the referee"
    record.correlation_id = "referee-created"
    record.impact = "1"
    record.urgency = "2"
    sys_id = str(record.insert())
    return {"sys_id": sys_id, "priority": record.get_display_value("priority"), "state": str(record.state)}


def read(client: ServiceNowClient) -> dict[str, Any]:
    record = client.GlideRecord("incident")
    record.fields = ["sys_id", "opened_by", "opened_by.user_name"]
    found = record.get(CHOSEN_ID)
    opened_by = record.get_display_value("opened_by")
    return {"found": found, "opened_by": opened_by, "login": record.get_value("opened_by.user_name")}


def read_by_key(client: ServiceNowClient) -> str:
    record = client.GlideRecord("incident")
    return str(record.number) if record.get("correlation_id", "referee-created") else ""


def updated(client: ServiceNowClient) -> dict[str, Any]:
    record = client.GlideRecord("incident")
    record.get(CHOSEN_ID)
    record.state = "2"
    record.work_notes = "Looked at it"
    record.update()
    again = client.GlideRecord("incident")
    again.get(CHOSEN_ID)
    return {
        "state": again.get_display_value("state"),
        "updates": str(again.sys_mod_count),
        "note": "Looked at it" in again.get_display_value("work_notes"),
        "raw_note": again.get_value("work_notes"),
    }


def updated_in_a_batch(client: ServiceNowClient) -> bool:
    record = client.GlideRecord("incident")
    record.add_query("correlation_id", "IN", "key-1,key-2,key-3")
    record.query()
    while record.next():
        record.urgency = "1"
    return bool(record.update_multiple())


def missing(client: ServiceNowClient) -> bool:
    return bool(client.GlideRecord("incident").get("f" * 32))


def resolved_without_a_code(client: ServiceNowClient) -> None:
    record = client.GlideRecord("incident")
    record.get(CHOSEN_ID)
    record.state = "6"
    record.update()


def unknown_table(client: ServiceNowClient) -> None:
    record = client.GlideRecord("sn_vul_entry")
    record.query()


def deleted(client: ServiceNowClient) -> dict[str, bool]:
    record = client.GlideRecord("incident")
    record.get(CHOSEN_ID)
    return {"deleted": record.delete(), "still_there": client.GlideRecord("incident").get(CHOSEN_ID)}


def report(check: Callable[[], Any]) -> Any:
    """Return what a check returned, or the exception's name and text."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - which exception the client chooses is what we want to know
        return {"raised": type(error).__name__, "text": str(error)}


def main() -> None:
    place = json.load(sys.stdin)
    client = ServiceNowClient(place["url"], (place["username"], place["password"]))
    checks = (
        listed_over_pages, listed_by_a_long_query, created, read, read_by_key, updated, updated_in_a_batch,
        missing, resolved_without_a_code, unknown_table, deleted,
    )  # fmt: skip
    answers = {check.__name__: report(lambda check=check: check(client)) for check in checks}
    wrong = ServiceNowClient(place["url"], (place["username"], "wrong"))
    answers["wrong_password"] = report(lambda: missing(wrong))
    flow = ServiceNowClientCredentialsFlow(place["client_id"], place["password"])
    answers["bearer_token"] = report(lambda: missing(ServiceNowClient(place["url"], flow)))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
