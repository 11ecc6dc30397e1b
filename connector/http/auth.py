"""Who we are to a peer: the `Authorization` header, built when needed and renewed before it expires.

The client-secret flow is a plain form post rather than a library, so that it takes the peer's own proxy,
certificates, clock and error table. A token is renewed a minute early by whoever comes first, while the
others wait for it: fifty deliveries make one token request. Page: "OAuth 2.0 client credentials flow on the
Microsoft identity platform" (learn.microsoft.com).
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, urlsplit

from connector.errors import AuthError
from connector.http.answer import Answer, BadAnswerError
from connector.http.secret import SecretReader
from connector.http.settings import AnyAuth, BasicAuth, BearerAuth, ClientSecretAuth, OAuth2Auth

_EARLY = timedelta(seconds=60)
_DEFAULT_LIFETIME = 300  # RFC 6749 makes expires_in optional
_LONGEST = timedelta(days=1)  # whatever is promised: it is added to the time of day

# Posts a form to a token endpoint and returns the successful answer.
PostForm = Callable[[str, dict[str, str]], Awaitable[Answer]]


class Authorization(Protocol):
    """The value of the `Authorization` header."""

    async def header(self) -> str:
        """The header's value for a request made now. Raises AuthError or TransientError."""
        ...

    def refused(self, header: str) -> bool:
        """Told that this header was answered with 401; whether trying again makes sense."""
        ...


class FixedAuthorization:
    """A header made from secrets alone; it changes when they are rotated."""

    def __init__(self, build: Callable[[], str]) -> None:
        self._build = build

    async def header(self) -> str:
        """The header made from the secrets as they are now."""
        return self._build()

    def refused(self, header: str) -> bool:
        """True if the secret was rotated meanwhile."""
        return self._build() != header


class TokenAuthorization:
    """Client credentials: keeps a token and renews it 60 s before it expires, one request at a time."""

    def __init__(
        self,
        *,
        token_url: str,
        form: Callable[[], dict[str, str]],
        post: PostForm,
        now: Callable[[], datetime],
    ) -> None:
        self._token_url = token_url
        self._form = form
        self._post = post
        self._now = now
        self._lock = asyncio.Lock()
        self._header = ""
        self._renew_at: datetime | None = None

    async def header(self) -> str:
        """The current token's header."""
        if self._is_fresh():
            return self._header
        async with self._lock:
            if not self._is_fresh():
                await self._renew()
            return self._header

    def refused(self, header: str) -> bool:
        """Forget this token, unless it has been replaced already."""
        if header == self._header:
            self._renew_at = None
        return True

    def _is_fresh(self) -> bool:
        return self._renew_at is not None and self._now() < self._renew_at

    async def _renew(self) -> None:
        asked_at = self._now()
        answer = await self._post(self._token_url, self._form())
        token, lifetime = _token_in(answer)
        self._header = _bearer(token, "the token endpoint's answer")
        # A token that lives shorter than two minutes is used for half its life.
        self._renew_at = asked_at + max(lifetime - _EARLY, lifetime / 2)


def authorization(
    settings: AnyAuth, *, base_url: str, post: PostForm, now: Callable[[], datetime]
) -> Authorization:
    """The authorization described; an Entra scope defaults to `<origin of base_url>/.default`."""
    match settings:
        case BasicAuth():
            password = SecretReader(settings.password)
            return FixedAuthorization(lambda: _basic(settings.username, password.read()))
        case BearerAuth():
            token = SecretReader(settings.token)
            return FixedAuthorization(lambda: _bearer(token.read(), settings.token.reference))
        case ClientSecretAuth():
            token_url = f"{settings.authority}/{quote(settings.tenant_id)}/oauth2/v2.0/token"
            return _client_credentials(
                settings, token_url, settings.scope or default_scope(base_url), post, now
            )
        case OAuth2Auth():
            return _client_credentials(settings, settings.token_url, settings.scope, post, now)


def default_scope(base_url: str) -> str:
    """The Entra scope for everything an application may do at an API, e.g. `https://graph.microsoft.com/.default`."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}/.default"


def _client_credentials(
    settings: ClientSecretAuth | OAuth2Auth,
    token_url: str,
    scope: str | None,
    post: PostForm,
    now: Callable[[], datetime],
) -> TokenAuthorization:
    secret = SecretReader(settings.client_secret)

    def form() -> dict[str, str]:
        fields = {"grant_type": "client_credentials", "client_id": settings.client_id}
        if scope:
            fields["scope"] = scope
        return fields | {"client_secret": secret.read()}

    return TokenAuthorization(token_url=token_url, form=form, post=post, now=now)


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _bearer(token: str, origin: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise AuthError(f"{origin} is no token: it holds characters that no header can", remedy="replace it")
    return f"Bearer {token}"


def _token_in(answer: Answer) -> tuple[str, timedelta]:
    body = answer.data if isinstance(answer.data, dict) else {}
    token, seconds = body.get("access_token"), body.get("expires_in", _DEFAULT_LIFETIME)
    if not isinstance(token, str) or not token:
        raise BadAnswerError("the token endpoint answered without a token", status=answer.status)
    try:
        return token, min(max(timedelta(seconds=float(seconds)), timedelta()), _LONGEST)
    except (TypeError, ValueError, OverflowError):
        return token, timedelta(seconds=_DEFAULT_LIFETIME)
