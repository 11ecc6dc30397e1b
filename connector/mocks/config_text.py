"""The connector configuration that fits running mocks, as text.

Secrets are named by the files they will stand in; this module writes no file and sees no secret.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CLIENT_SECRET_FILE = "client_secret"  # noqa: S105 - the name of a file
PASSWORD_FILE = "servicenow_password"  # noqa: S105 - the name of a file


def config_text(
    addresses: Mapping[str, Any], folder: Path, mappings: Path, *, start: str = "3650d", every: str = "2s"
) -> str:
    """Return a configuration (YAML) for the mocks at `addresses`, which is `Addresses.as_json()`.

    The state and the secret files are in `folder` (`client_secret`, `servicenow_password`); `mappings` holds
    the mapping files; `start` is how far back the first run looks, `every` the time between two polls.
    """
    ca_file = {"ca_file": addresses["ca_file"]} if addresses["ca_file"] else {}
    document = {
        "version": 1,
        "state": {"url": f"sqlite:///{folder / 'state.db'}"},
        "sources": [_source(addresses, folder, start, every) | ca_file],
        "targets": [_sentinel(addresses, folder) | ca_file, _servicenow(addresses, folder) | ca_file],
        "routes": [
            _route("sentinel", mappings / "sentinel.yaml"),
            _route("servicenow", mappings / "servicenow-incident.yaml"),
        ],
        "logging": {"level": "info", "format": "json"},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _source(addresses: Mapping[str, Any], folder: Path, start: str, every: str) -> dict[str, Any]:
    return {
        "name": "contoso",
        "type": "graph",
        "tenant_id": addresses["entra"]["tenant_id"],
        "start": start,
        "base_url": addresses["xdr"]["url"],
        "poll": {"every": every, "overlap": "2m", "page_size": 50},
        "auth": _client_secret(addresses, folder),
    }


def _sentinel(addresses: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    sentinel = addresses["sentinel"]
    return {
        "name": "sentinel",
        "type": "sentinel",
        "incidents": "ours",
        "base_url": sentinel["url"],
        "subscription_id": sentinel["subscription_id"],
        "resource_group": sentinel["resource_group"],
        "workspace": sentinel["workspace"],
        "auth": {"tenant_id": addresses["entra"]["tenant_id"], **_client_secret(addresses, folder)},
        "quotas": "unlimited",
    }


def _servicenow(addresses: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    servicenow = addresses["servicenow"]
    password = {"file": str(folder / PASSWORD_FILE)}
    return {
        "name": "servicenow",
        "type": "servicenow",
        "base_url": servicenow["url"],
        "table": "incident",
        "auth": {"type": "basic", "username": servicenow["username"], "password": password},
        "quotas": "unlimited",
    }


def _client_secret(addresses: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    entra = addresses["entra"]
    return {
        "type": "client_secret",
        "authority": entra["url"],
        "client_id": entra["client_id"],
        "client_secret": {"file": str(folder / CLIENT_SECRET_FILE)},
    }


def _route(target: str, mapping: Path) -> dict[str, str]:
    return {"name": f"contoso-{target}", "source": "contoso", "target": target, "mapping": str(mapping)}
