"""Who may do what: the caller's role against the action an operation needs.

Source: "Azure built-in roles for Security". Responder's `NotActions` exclude deleting anything below an
incident; that they cover the incident itself is assumed.
"""

from typing import Final, Literal

from connector.mocks.kernel import Authorize, Grant
from connector.mocks.sentinel.errors import unauthenticated, unauthorized
from connector.mocks.sentinel.settings import Role

Action = Literal["read", "write", "delete"]

_ALLOWED: Final[dict[Role, frozenset[Action]]] = {
    "reader": frozenset({"read"}),
    "responder": frozenset({"read", "write"}),
    "contributor": frozenset({"read", "write", "delete"}),
}


def caller(authorize: Authorize, header: str | None, tenant_id: str, scope: str) -> Grant:
    """Return who is calling; raise `ArmError` 401 or 403."""
    verdict = authorize(header)
    if isinstance(verdict, Grant):
        return verdict
    wrong_audience = "audience" in verdict.reason.lower()  # ARM answers this with 401 where Graph has 403
    if verdict.status == 403 and not wrong_audience:
        raise unauthorized("unknown", "Microsoft.SecurityInsights/incidents/read", scope)
    raise unauthenticated(tenant_id, header, wrong_audience=wrong_audience)


def check_role(role: Role, action: Action, grant: Grant, noun: str, scope: str) -> None:
    """Raise `ArmError` 403 when the role lacks the action on `noun`, such as `incidents/comments`."""
    if action not in _ALLOWED[role]:
        raise unauthorized(grant.object_id, f"Microsoft.SecurityInsights/{noun}/{action}", scope)
