"""Who may call: Basic credentials, bearer tokens, the token endpoint, and the hourly rate rule.

Sources: ServiceNow docs, pages "REST API" (401, multi-factor), "OAuth example" (token reply and life
times) and "Inbound REST API rate limiting". The body of a refused token request is as integrators report
it.
"""

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid5

from connector.mocks.kernel import Clock, Grant, Refusal
from connector.mocks.servicenow.replies import Call, RefusedError, Reply, error_reply, json_reply
from connector.mocks.servicenow.settings import Settings

_RULE_ID = uuid5(NAMESPACE_URL, "servicenow-mock/rate-rule").hex


class Access:
    """The one account that may call, its tokens, and how much it has asked this hour."""

    def __init__(self, clock: Clock, settings: Settings, account: Grant, password: str) -> None:
        self._clock = clock
        self._settings = settings
        self._account = account
        self._password = password
        self._tokens: dict[str, datetime] = {}
        self._refresh_tokens: dict[str, datetime] = {}
        self._hour: datetime | None = None
        self._asked = 0

    def authorize(self, header: str | None) -> Grant | Refusal:
        """Judge an Authorization header."""
        scheme, _, text = (header or "").partition(" ")
        if self._settings.mfa_required:
            return Refusal(401, "a multi-factor token is required")
        if scheme.lower() == "bearer":
            alive = self._clock.now() < self._tokens.get(text, self._clock.now())
            return self._account if alive else Refusal(401, "token unknown or expired")
        if scheme.lower() == "basic" and not self._settings.basic_refused and self._is_password(text):
            return self._account
        return Refusal(401, "no usable credentials")

    def refusal(self) -> Reply:
        """Return the 401 answer, which never says what was wrong."""
        headers = {"www-authenticate": 'BASIC realm="Service-now"'}
        if self._settings.mfa_required:
            headers |= {"x-mfa_token": "invalid"}
        error = RefusedError(401, "User is not authenticated", "Required to provide Auth information")
        return error_reply(error, headers)

    def expire(self) -> None:
        """Make every token and refresh token useless."""
        self._tokens.clear()
        self._refresh_tokens.clear()

    def spend(self) -> tuple[dict[str, str], Reply | None]:
        """Count one request against the rate rule; return its headers and, beyond it, the 429 answer."""
        limit = self._settings.rate_limit_per_hour
        if limit is None:
            return {}, None
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._asked = hour, 0
        self._asked += 1
        reset = hour + timedelta(hours=1)
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-reset": str(int(reset.timestamp())),
            "x-ratelimit-rule": _RULE_ID,
        }
        if self._asked <= limit:
            return headers, None
        detail = f"Rate limit of {limit} requests per hour for Table API exceeded"
        wait = {"retry-after": str(int((reset - now).total_seconds()) or 1)}
        return headers, error_reply(RefusedError(429, "Rate limit exceeded", detail), headers | wait)

    def token(self, call: Call) -> Reply:
        """Answer `/oauth_token.do`: password, client_credentials and refresh_token."""
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        grant = form.get("grant_type", "")
        if (
            grant in self._settings.oauth_grants
            and self._is_client(form, call)
            and self._is_owner(grant, form)
        ):
            return self._issue(with_refresh=grant != "client_credentials")
        return json_reply({"error_description": "access_denied", "error": "server_error"}, 401)

    def _issue(self, *, with_refresh: bool) -> Reply:
        token = secrets.token_urlsafe(48)
        seconds = self._settings.token_seconds
        self._tokens[token] = self._clock.now() + timedelta(seconds=seconds)
        reply = {
            "access_token": token,
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": seconds - 1,
        }
        if with_refresh:
            reply["refresh_token"] = secrets.token_urlsafe(48)
            lifetime = timedelta(seconds=self._settings.refresh_token_seconds)
            self._refresh_tokens[str(reply["refresh_token"])] = self._clock.now() + lifetime
        return json_reply(reply)

    def _is_client(self, form: dict[str, str], call: Call) -> bool:
        """The client names itself in the form or, in the other way OAuth knows, by Basic credentials."""
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        if "client_id" in form:
            sent = f"{form['client_id']}:{form.get('client_secret', '')}"
        else:
            sent = _decoded(text) if scheme.lower() == "basic" else ""
        secret = self._settings.oauth_client_secret or self._password
        return _same(sent, f"{self._settings.oauth_client_id}:{secret}")

    def _is_owner(self, grant: str, form: dict[str, str]) -> bool:
        if grant == "password":
            sent = f"{form.get('username', '')}:{form.get('password', '')}"
            return _same(sent, f"{self._account.user}:{self._password}")
        if grant == "refresh_token":
            expiry = self._refresh_tokens.get(form.get("refresh_token", ""))
            return expiry is not None and self._clock.now() < expiry
        return grant == "client_credentials"

    def _is_password(self, text: str) -> bool:
        return _same(_decoded(text), f"{self._account.user}:{self._password}")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _same(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
