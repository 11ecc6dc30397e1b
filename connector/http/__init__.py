"""Everything about HTTP: settings, credentials, one client per peer, and what each answer means.

    peer = Peer(settings, settings.auth, kind=PeerKind.GRAPH, runtime=Runtime())
    answer = await peer.request("GET", "/v1.0/security/incidents", operation="list incidents")

Callers see answers and the errors of `connector.errors`; nobody outside this package sees an httpx type, so
the transport can be exchanged here alone.
"""

from connector.http.answer import Answer, BadAnswerError
from connector.http.client import Peer
from connector.http.durations import Duration, format_duration, parse_duration
from connector.http.errors_table import PeerKind, error_for
from connector.http.rehearsal import Echo, Unsent, heard
from connector.http.secret import Secret
from connector.http.settings import (
    AnyAuth,
    BaseUrl,
    BasicAuth,
    BearerAuth,
    ClientSecretAuth,
    MicrosoftAuth,
    OAuth2Auth,
    PeerSettings,
    ServiceNowAuth,
    Settings,
    Timeouts,
    is_loopback,
)
from connector.http.wire import Runtime

__all__ = [
    "Answer",
    "AnyAuth",
    "BadAnswerError",
    "BaseUrl",
    "BasicAuth",
    "BearerAuth",
    "ClientSecretAuth",
    "Duration",
    "Echo",
    "MicrosoftAuth",
    "OAuth2Auth",
    "Peer",
    "PeerKind",
    "PeerSettings",
    "Runtime",
    "Secret",
    "ServiceNowAuth",
    "Settings",
    "Timeouts",
    "Unsent",
    "error_for",
    "format_duration",
    "heard",
    "is_loopback",
    "parse_duration",
]
