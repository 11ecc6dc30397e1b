"""The Entra mock: tokens for client credentials, and who a token belongs to.

Tokens are opaque random text: a client must never read them, and an opaque token shows when it tries.
An app's roles are looked up when a token is used, not when it is issued, so that taking one away shows
at once. Page: "OAuth 2.0 client credentials flow on the Microsoft identity platform"
(learn.microsoft.com).
"""

import base64
import binascii
import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connector.mocks.kernel import Authorize, Clock, Grant, Refusal

GRAPH = "https://graph.microsoft.com"
MANAGEMENT = "https://management.azure.com"
_KNOWN_AUDIENCES = {
    GRAPH: GRAPH,
    "https://graph.microsoft.us": GRAPH,
    "https://dod-graph.microsoft.us": GRAPH,
    MANAGEMENT: MANAGEMENT,
    "https://management.core.windows.net": MANAGEMENT,
    "https://management.usgovcloudapi.net": MANAGEMENT,
}
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
READ_WRITE = "SecurityIncident.ReadWrite.All"


class EntraRefusalError(Exception):
    """A token request that is answered with an error in Entra's shape."""

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code
        self.text = text


@dataclass
class EntraSettings:
    """Switches: token lifetime in seconds, client assertions accepted or not, roles per audience."""

    token_lifetime: int = 3599
    accept_assertions: bool = False
    roles: dict[str, list[str]] = field(default_factory=lambda: {GRAPH: [READ_WRITE], MANAGEMENT: []})


@dataclass(frozen=True)
class AppRegistration:
    """The one application the mock's tenant knows."""

    tenant_id: str
    client_id: str
    client_secret: str
    app_name: str = "XDR Connector"

    @property
    def object_id(self) -> str:
        """The id of the application's service principal."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.tenant_id}/{self.client_id}"))


class Tokens:
    """Issued tokens, each for one audience and with an expiry by the mocks' clock."""

    def __init__(self, clock: Clock, registration: AppRegistration, settings: EntraSettings) -> None:
        self._clock = clock
        self._registration = registration
        self._settings = settings
        self._issued: dict[str, tuple[str, datetime]] = {}

    def issue(self, audience: str) -> str:
        """Return a new token for a canonical audience."""
        token = secrets.token_urlsafe(48)
        expiry = self._clock.now() + timedelta(seconds=self._settings.token_lifetime)
        self._issued[token] = (audience, expiry)
        return token

    def check(self, authorization_header: str | None, audience: str) -> Grant | Refusal:
        """Return who calls; 401 without a live token, 403 with one for another audience."""
        scheme, _, token = (authorization_header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Refusal(401, "Access token is empty.")
        issued = self._issued.get(token)
        if issued is None:
            return Refusal(401, "Access token validation failure. Invalid token.")
        if issued[1] <= self._clock.now():
            del self._issued[token]
            return Refusal(401, "Lifetime validation failed, the token is expired.")
        if issued[0] != audience:
            return Refusal(403, "Access token validation failure. Invalid audience.")
        return self._grant(audience)

    def expire_all(self) -> int:
        """Make every token worthless and return how many there were."""
        count = len(self._issued)
        self._issued.clear()
        return count

    def live(self) -> int:
        """Return how many tokens have been issued and not expired or been thrown away."""
        return sum(expiry > self._clock.now() for _, expiry in self._issued.values())

    def _grant(self, audience: str) -> Grant:
        app = self._registration
        roles = frozenset(self._settings.roles.get(audience, ()))
        return Grant(app_name=app.app_name, object_id=app.object_id, roles=roles, user=app.app_name)


class EntraMock:
    """The token host of one tenant with one application."""

    def __init__(self, clock: Clock, registration: AppRegistration) -> None:
        self.registration = registration
        self.settings = EntraSettings()
        self.tokens = Tokens(clock, registration, self.settings)
        self._clock = clock
        self._audiences = dict(_KNOWN_AUDIENCES)
        self.app = Starlette(
            routes=[
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._discovery, methods=["GET"]),
            ]
        )

    def know(self, url: str, audience: str) -> None:
        """Accept `url` (a mock's own address) as another name of a canonical audience."""
        self._audiences[url.rstrip("/")] = audience

    def authorize(self, audience: str) -> Authorize:
        """Return the check of an `Authorization` header that an API of this audience makes."""
        return lambda header: self.tokens.check(header, audience)

    def contents(self) -> dict[str, Any]:
        """Return what the tenant holds; never the secret."""
        app = self.registration
        return {
            "tenant_id": app.tenant_id,
            "client_id": app.client_id,
            "app_name": app.app_name,
            "object_id": app.object_id,
            "roles": self.settings.roles,
            "audiences": self._audiences,
            "live_tokens": self.tokens.live(),
        }

    async def _token(self, request: Request) -> JSONResponse:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            audience = self._granted_audience(request.path_params["tenant"], form)
        except EntraRefusalError as refusal:
            return self._error(refusal)
        lifetime = self.settings.token_lifetime
        body = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
        body["access_token"] = self.tokens.issue(audience)
        return JSONResponse(body, headers={"Cache-Control": "no-store, no-cache"})

    def _granted_audience(self, tenant: str, form: dict[str, str]) -> str:
        self._check_tenant(tenant)
        _require(form, ("grant_type", "client_id"))
        if form["grant_type"] != "client_credentials":
            text = "The app requested an unsupported grant type."
            raise EntraRefusalError(400, "unsupported_grant_type", 70003, text)
        if form["client_id"].lower() != self.registration.client_id.lower():
            text = f"Application with identifier '{form['client_id']}' was not found in the directory."
            raise EntraRefusalError(400, "unauthorized_client", 700016, text)
        self._check_proof(form)
        _require(form, ("scope",))
        return self._audience(form["scope"])

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() != self.registration.tenant_id.lower():
            text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            raise EntraRefusalError(400, "invalid_request", 90002, text)

    def _check_proof(self, form: dict[str, str]) -> None:
        if "client_assertion" in form:
            self._check_assertion(form)
        elif "client_secret" not in form:
            text = "The request body must contain one of: 'client_assertion', 'client_secret'."
            raise EntraRefusalError(401, "invalid_client", 7000218, text)
        elif not secrets.compare_digest(form["client_secret"], self.registration.client_secret):
            text = "Invalid client secret provided."
            raise EntraRefusalError(401, "invalid_client", 7000215, text)

    def _check_assertion(self, form: dict[str, str]) -> None:
        """Accept a JWT by its claims; the signature is not verified, the mock holds no certificate."""
        claims = _claims(form["client_assertion"])
        wrong_type = form.get("client_assertion_type") != _ASSERTION_TYPE
        if not self.settings.accept_assertions or wrong_type or not claims.get("sub"):
            text = "Client assertion failed signature validation."
            raise EntraRefusalError(401, "invalid_client", 700027, text)
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= self._clock.now().timestamp():
            text = "Client assertion is not within its valid time range."
            raise EntraRefusalError(401, "invalid_client", 700024, text)

    def _audience(self, scope: str) -> str:
        resource, slash, suffix = scope.strip().rpartition("/")
        if not slash or suffix != ".default" or " " in resource:
            text = (
                f"The provided value for scope {scope} is not valid. Client credential flows must have a "
                "scope value with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise EntraRefusalError(400, "invalid_scope", 1002012, text)
        audience = self._audiences.get(resource.rstrip("/"))
        if audience is None:
            text = (
                "The provided value for the input parameter 'scope' is not valid. "
                f"The scope {scope} is not valid."
            )
            raise EntraRefusalError(400, "invalid_scope", 70011, text)
        return audience

    async def _discovery(self, request: Request) -> JSONResponse:
        try:
            self._check_tenant(request.path_params["tenant"])
        except EntraRefusalError as refusal:
            return self._error(refusal)
        base = f"{request.url.scheme}://{request.url.netloc}/{self.registration.tenant_id}"
        return JSONResponse(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "issuer": f"{base}/v2.0",
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    def _error(self, refusal: EntraRefusalError) -> JSONResponse:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = self._clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        description = (
            f"AADSTS{refusal.code}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}"
        )
        body = {
            "error": refusal.error,
            "error_description": description,
            "error_codes": [refusal.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return JSONResponse(body, status_code=refusal.status)


def _require(form: dict[str, str], names: Iterable[str]) -> None:
    for name in names:
        if not form.get(name):
            text = f"The request body must contain the following parameter: '{name}'."
            raise EntraRefusalError(400, "invalid_request", 900144, text)


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
