"""What a user says about a peer: where it is, how to reach it and who we are to it.

Plain text over the network and switched-off certificate checks exist for loopback alone, where tests and
mocks run; everywhere else they are refused while the configuration is read, so that nobody finds them in
production. Environment variables for proxies are not consulted: two peers often need two different ways out.
"""

import ipaddress
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connector.http.durations import Duration
from connector.http.paths import LocalPath
from connector.http.secret import Secret


class Settings(BaseModel):
    """Base of every settings model: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a whole address, e.g. https://host.example")
    if parts.username or parts.password:
        raise ValueError("an address must not hold credentials; name them as a secret reference instead")
    if parts.query or parts.fragment:
        raise ValueError("an address here has no ?query and no #fragment")
    return url.rstrip("/")


def _checked_base_url(url: str) -> str:
    url = _checked_url(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is accepted for this machine only; use https")
    return url


BaseUrl = Annotated[str, AfterValidator(_checked_base_url)]
ProxyUrl = Annotated[str, AfterValidator(_checked_url)]


class Timeouts(Settings):
    """How long to wait; `total` bounds a request whatever the others say."""

    connect: Duration = Field(timedelta(seconds=10), description="For a connection to be made.")
    read: Duration = Field(timedelta(seconds=30), description="For the next bytes of an answer.")
    total: Duration = Field(timedelta(seconds=60), description="For one request, from start to last byte.")


class BasicAuth(Settings):
    """User name and password, sent with every request."""

    type: Literal["basic"]
    username: str = Field(min_length=1, description="User name; no colon.", pattern=r"^[^:]+$")
    password: Secret = Field(description="Reference to the password.")


class BearerAuth(Settings):
    """A token that somebody else renews in its place, e.g. a sidecar."""

    type: Literal["bearer"]
    token: Secret = Field(description="Reference to the token.")


class ClientSecretAuth(Settings):
    """An application registered in Microsoft Entra, proving itself with a client secret."""

    type: Literal["client_secret"]
    tenant_id: str = Field(
        "", pattern=r"^[A-Za-z0-9.-]*$", description="Directory (tenant) id; a source has its own."
    )
    client_id: str = Field(min_length=1, description="Application (client) id.")
    client_secret: Secret = Field(description="Reference to the client secret.")
    authority: BaseUrl = Field("https://login.microsoftonline.com", description="The cloud's login address.")
    scope: str | None = Field(None, description="Scope of the token; default: <base_url>/.default")

    @model_validator(mode="after")
    def _names_a_tenant(self) -> Self:
        if not self.tenant_id:
            raise ValueError("name the tenant_id")
        return self


class OAuth2Auth(Settings):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4) at any token endpoint."""

    type: Literal["oauth2"]
    token_url: BaseUrl = Field(description="Address of the token endpoint.")
    client_id: str = Field(min_length=1, description="Client id.")
    client_secret: Secret = Field(description="Reference to the client secret.")
    scope: str | None = Field(None, description="Scope to ask for, if the endpoint wants one.")


AnyAuth = BasicAuth | BearerAuth | ClientSecretAuth | OAuth2Auth
MicrosoftAuth = Annotated[ClientSecretAuth | BearerAuth, Field(discriminator="type")]
ServiceNowAuth = Annotated[BasicAuth | BearerAuth | OAuth2Auth, Field(discriminator="type")]


class PeerSettings(Settings):
    """How to reach a peer; every source and target that speaks HTTP has these fields."""

    base_url: BaseUrl = Field(description="Address of the service; https, except on this machine.")
    proxy: ProxyUrl | None = Field(None, description="Proxy for this peer; none if absent.")
    proxy_auth: BasicAuth | None = Field(None, description="Credentials for the proxy.")
    ca_file: LocalPath | None = Field(
        None,
        description="PEM file of authorities trusted besides the public ones, relative to the configuration.",
    )
    verify: bool = Field(True, description="Check the certificate; false is accepted for this machine only.")
    timeout: Timeouts = Field(Timeouts(), description="How long to wait.")
    connections: int = Field(4, ge=1, le=8, description="Connections kept open; more than 8 only costs time.")

    @model_validator(mode="after")
    def _verify_is_off_on_loopback_only(self) -> Self:
        away = [] if self.verify else self._away()
        if away:
            raise ValueError(
                f"verify: false is accepted for this machine only, not with {' and '.join(away)} elsewhere; "
                "name your authority with ca_file"
            )
        return self

    @model_validator(mode="after")
    def _proxy_auth_needs_a_proxy(self) -> Self:
        if self.proxy_auth is not None and self.proxy is None:
            raise ValueError("proxy_auth without proxy does nothing; add proxy or remove it")
        return self

    def _away(self) -> list[str]:
        """The settings that name another machine, of all that credentials go to under this peer's settings."""
        named = {"base_url": self.base_url, "proxy": self.proxy}
        match getattr(self, "auth", None):  # each derived model has the kinds that its service takes
            case ClientSecretAuth(authority=address):
                named["auth.authority"] = address
            case OAuth2Auth(token_url=address):
                named["auth.token_url"] = address
        return [name for name, url in named.items() if url and not is_loopback(urlsplit(url).hostname)]
