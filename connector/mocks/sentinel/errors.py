"""Azure Resource Manager's error answers, raised as one exception and turned into a response in one place.

The codes are ARM's public ones where they are known; the incident provider's own wording is quoted from
users' reports, because its documentation prints none.
"""

from typing import Any, Final

_BEARER: Final = (
    'Bearer authorization_uri="https://login.microsoftonline.com/{tenant}", error="invalid_token"'
)


class ArmError(Exception):
    """An answer outside 2xx: status, ARM code, message and extra headers."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the `CloudError` body."""
        return {"error": {"code": self.code, "message": self.message}}


def bad_request(message: str) -> ArmError:
    """Return the 400 of a request whose content is not acceptable."""
    return ArmError(400, "BadRequest", message)


def not_found(message: str, code: str = "NotFound") -> ArmError:
    """Return a 404."""
    return ArmError(404, code, message)


def stale(name: str) -> ArmError:
    """Return the 409 for a body whose `etag` is no longer current."""
    return ArmError(409, "Conflict", f"Newer version of resource '{name}' exists. Data was not saved")


def unauthenticated(tenant_id: str, header: str | None, *, wrong_audience: bool = False) -> ArmError:
    """Return the 401 for a missing or unusable bearer token, with its `WWW-Authenticate` challenge."""
    if header is None:
        code, text = "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
    elif wrong_audience:
        code, text = "InvalidAuthenticationTokenAudience", "The access token is for another audience."
    else:
        code, text = "InvalidAuthenticationToken", "The access token is invalid."
    return ArmError(401, code, text, {"WWW-Authenticate": _BEARER.format(tenant=tenant_id)})


def unauthorized(object_id: str, action: str, scope: str) -> ArmError:
    """Return the 403 for a caller whose role lacks `action`."""
    return ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{object_id}' with object id '{object_id}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials.",
    )


def throttled(code: str, retry_after: int) -> ArmError:
    """Return the 429 with its wait in whole seconds."""
    message = f"Too many requests. Please retry after {retry_after} seconds."
    return ArmError(429, code, message, {"Retry-After": str(retry_after)})
