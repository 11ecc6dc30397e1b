"""What Microsoft's Graph SDK sees of the Graph mock; runs in that SDK's environment.

Reads addresses, a token and credentials from standard input and prints one JSON object: the name of a check
and what the SDK answered. The caller judges; here nothing is asserted, so one surprise hides no other. With
`"identity": true` the token comes from azure-identity and the Entra mock instead.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.security.alert_classification import AlertClassification
from msgraph.generated.models.security.alert_determination import AlertDetermination
from msgraph.generated.models.security.incident import Incident
from msgraph.generated.models.security.incident_status import IncidentStatus
from msgraph.generated.security.incidents.incidents_request_builder import IncidentsRequestBuilder
from msgraph_core import GraphClientFactory

SCOPE = "https://graph.microsoft.com/.default"
Query = IncidentsRequestBuilder.IncidentsRequestBuilderGetQueryParameters


class GivenToken(AccessTokenProvider):
    """A token that was handed to us."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


class Tenant:
    """The SDK's client on the mock, and a plain client for what the SDK has no method for."""

    def __init__(self, place: dict[str, Any], provider: Any) -> None:
        trust = ssl.create_default_context(cafile=place["ca_file"])
        client = httpx.AsyncClient(verify=trust, base_url=place["xdr"], timeout=30)
        adapter = GraphRequestAdapter(
            provider, GraphClientFactory.create_with_default_middleware(client=client)
        )
        adapter.base_url = place["xdr"] + "/v1.0"
        self.incidents = GraphServiceClient(request_adapter=adapter).security.incidents
        headers = {"Authorization": f"Bearer {place['token']}"}
        self.plain = httpx.AsyncClient(verify=trust, base_url=adapter.base_url, headers=headers)


def configured(query: Any = None, *, unknown_members: bool = False) -> Any:
    headers = HeadersCollection()
    if unknown_members:
        headers.add("Prefer", "include-unknown-enum-members")
    return RequestConfiguration(query_parameters=query, headers=headers)


async def listed_over_pages(tenant: Tenant) -> dict[str, Any]:
    query = Query(
        filter="lastUpdateDateTime ge 2026-01-01T00:00:00Z",
        expand=["alerts"],
        orderby=["lastUpdateDateTime asc"],
        top=50,
    )
    pages = [await tenant.incidents.get(configured(query))]
    while pages[-1].odata_next_link:
        pages.append(await tenant.incidents.with_url(pages[-1].odata_next_link).get())
    rows = [row for page in pages for row in page.value]
    times = [row.last_update_date_time for row in rows]
    evidence = rows[0].alerts[0].evidence
    return {
        "pages": [len(page.value) for page in pages],
        "ids": len({row.id for row in rows}),
        "in_order": times == sorted(times),
        "evidence": [type(item).__name__ for item in evidence],
        "device": evidence[0].device_dns_name,
        "user": evidence[1].user_account.user_principal_name,
        "left_over": sorted(rows[0].additional_data),
    }


async def counted(tenant: Tenant) -> dict[str, Any]:
    page = await tenant.incidents.get(configured(Query(count=True, top=5, filter="severity eq 'high'")))
    return {"count": page.odata_count, "rows": len(page.value)}


async def got(tenant: Tenant) -> dict[str, Any]:
    incident = await tenant.incidents.by_incident_id("1").get()
    return {
        "id": incident.id,
        "name": incident.display_name,
        "status": incident.status.value,
        "severity": incident.severity.value,
        "owner": incident.assigned_to,
        "tags": incident.custom_tags,
    }


async def patched(tenant: Tenant) -> dict[str, Any]:
    change = Incident()
    change.status = IncidentStatus.Resolved
    change.classification = AlertClassification.TruePositive
    change.determination = AlertDetermination.Malware
    change.custom_tags = ["x", "y"]
    answer = await tenant.incidents.by_incident_id("2").patch(change)
    again = await tenant.incidents.by_incident_id("2").get()
    return {
        "answered": answer.status.value,
        "status": again.status.value,
        "classification": again.classification.value,
        "determination": again.determination.value,
        "tags": again.custom_tags,
        "by": again.last_modified_by,
    }


async def unassigned(tenant: Tenant) -> Any:
    await tenant.incidents.by_incident_id("4").patch(Incident(additional_data={"assignedTo": None}))
    return (await tenant.incidents.by_incident_id("4").get()).assigned_to


async def cleared_the_wrong_way(tenant: Tenant) -> None:
    incident = Incident()
    incident.assigned_to = "somebody"
    incident.assigned_to = None
    await tenant.incidents.by_incident_id("4").patch(incident)


async def missing(tenant: Tenant) -> None:
    await tenant.incidents.by_incident_id("999999").get()


async def bad_filter(tenant: Tenant) -> None:
    await tenant.incidents.get(configured(Query(filter="displayName eq 'x'")))


async def awaiting_without_prefer(tenant: Tenant) -> str:
    return (await tenant.incidents.by_incident_id("3").get(configured())).status.value


async def awaiting_with_prefer(tenant: Tenant) -> str:
    return (await tenant.incidents.by_incident_id("3").get(configured(unknown_members=True))).status.value


async def commented(tenant: Tenant) -> dict[str, Any]:
    body = {"@odata.type": "microsoft.graph.security.alertComment", "comment": "hello"}
    answer = await tenant.plain.post("/security/incidents/5/comments", json=body)
    incident = await tenant.incidents.by_incident_id("5").get()
    return {
        "status": answer.status_code,
        "answered": [one["comment"] for one in answer.json()["value"]],
        "read": [(one.comment, one.created_by_display_name) for one in incident.comments],
    }


async def throttled_once(tenant: Tenant) -> str:
    return (await tenant.incidents.by_incident_id("6").get()).id


async def report(check: Callable[[Tenant], Awaitable[Any]], tenant: Tenant) -> Any:
    """Return what a check returned, or the exception's name, status and Graph code."""
    try:
        return await check(tenant)
    except ODataError as error:
        code = error.error.code if error.error else None
        return {"raised": "ODataError", "status": error.response_status_code, "code": code}
    except Exception as error:  # noqa: BLE001 - which exception the SDK chooses is what we want to know
        return {"raised": type(error).__name__, "text": str(error)[:200]}


CHECKS = (
    listed_over_pages, counted, got, patched, unassigned, cleared_the_wrong_way, missing, bad_filter,
    awaiting_without_prefer, awaiting_with_prefer, commented, throttled_once,
)  # fmt: skip


async def with_a_given_token(place: dict[str, Any]) -> dict[str, Any]:
    tenant = Tenant(place, BaseBearerTokenAuthenticationProvider(GivenToken(place["token"])))
    answers = {check.__name__: await report(check, tenant) for check in CHECKS}
    stranger = Tenant(place, BaseBearerTokenAuthenticationProvider(GivenToken("no token of ours")))
    answers["wrong_token"] = await report(got, stranger)
    return answers


async def with_identity(place: dict[str, Any]) -> dict[str, Any]:
    provider = AzureIdentityAuthenticationProvider(
        credential(place, place["client_secret"]), scopes=[SCOPE], allowed_hosts=["127.0.0.1"]
    )
    tenant = Tenant(place, provider)
    return {
        "got": await report(got, tenant),
        "got_again": await report(got, tenant),
        "wrong_secret": refused(place, client_secret="wrong"),
        "wrong_tenant": refused(place, tenant_id="contoso.example"),
        "wrong_client": refused(place, client_id="another"),
        "wrong_scope": refused(place, scope="https://vault.azure.net/.default"),
    }


def credential(place: dict[str, Any], secret: str, **changes: str) -> ClientSecretCredential:
    who = {"tenant_id": place["tenant_id"], "client_id": place["client_id"], **changes}
    return ClientSecretCredential(
        who["tenant_id"],
        who["client_id"],
        secret,
        authority=place["entra"],
        disable_instance_discovery=True,
        connection_verify=place["ca_file"],
    )


def refused(
    place: dict[str, Any], client_secret: str | None = None, scope: str = SCOPE, **changes: str
) -> str:
    """Return the start of the message with which a token request fails."""
    try:
        credential(place, client_secret or place["client_secret"], **changes).get_token(scope)
    except ClientAuthenticationError as error:
        return str(error.message)
    except ValueError as error:
        return f"ValueError: {error}"
    return "a token"


def main() -> None:
    place = json.load(sys.stdin)
    run = with_identity if place.get("identity") else with_a_given_token
    print(json.dumps(asyncio.run(run(place))))


if __name__ == "__main__":
    main()
