"""The people, groups and things of the instance: few, invented, and with traps.

Two persons share a name, and so do two computers.
"""

from collections.abc import Collection, Iterator
from uuid import NAMESPACE_URL, uuid5

from connector.mocks.servicenow.database import Row

ADMIN = "admin"

_PEOPLE = (
    (ADMIN, "System Administrator", "admin@example.com", "Administrator"),
    ("dana.example", "Dana Example", "dana@example.com", "SOC analyst"),
    ("sam.rivera", "Sam Rivera", "sam.rivera@example.com", "SOC analyst"),
    ("noor.haddad", "Noor Haddad", "noor.haddad@example.com", "SOC lead"),
    ("alex.kim", "Alex Kim", "alex.kim@example.com", "SOC analyst"),
    ("alex.kim2", "Alex Kim", "alex.kim2@example.com", "Payroll clerk"),
)

_GROUPS = (
    ("SOC Tier 1", "First look at security incidents"),
    ("SOC Tier 2", "Investigation and response"),
    ("SOC-PCI", "Cardholder data environment"),
    ("Identity Operations", "Accounts and sign-in"),
    ("Endpoint Operations", "Workstations and servers"),
    ("Messaging Operations", "Mail and collaboration"),
    ("Service Desk", "First contact"),
)
_ROLES = ("admin", "itil", "itil_admin", "sn_incident_read", "sn_incident_write", "rest_service")
_SECURITY_ROLES = ("sn_si.read", "sn_si.basic", "sn_si.analyst", "sn_si.admin", "sn_si.integration_user")

# By table: the name of a row, and its other values.
_REFERRED: dict[str, tuple[tuple[str, Row], ...]] = {
    "core_company": (("Contoso", {"customer": "true"}), ("Fabrikam", {"customer": "true"})),
    "cmdb_ci": (
        ("lap-1001", {"fqdn": "lap-1001.contoso.example", "asset_tag": "P1001"}),
        ("srv-mail-01", {"fqdn": "srv-mail-01.contoso.example", "asset_tag": "P2001"}),
        ("kiosk", {"fqdn": "kiosk.north.contoso.example", "asset_tag": "P3001"}),
        ("kiosk", {"fqdn": "kiosk.south.contoso.example", "asset_tag": "P3002"}),
    ),
    "u_site": (("Zurich", {"u_code": "ZRH"}), ("Geneva", {"u_code": "GVA"})),
}


def stable_id(table: str, name: str) -> str:
    """Return the sys_id of a seeded row: the same on every run, whatever the seed."""
    return uuid5(NAMESPACE_URL, f"servicenow-mock/{table}/{name}").hex


def user_rows(integration: str) -> Iterator[Row]:
    """Yield the users, the integration account (user name `integration`) first, without system fields."""
    account = (integration, "Defender Integration", f"{integration}@example.com", "Integration account")
    for user_name, name, email, title in (account, *_PEOPLE):
        first, _, last = name.partition(" ")
        yield {
            "sys_id": stable_id("sys_user", user_name),
            "user_name": user_name,
            "name": name,
            "first_name": first,
            "last_name": last,
            "email": email,
            "title": title,
            "time_zone": "GMT" if user_name == integration else "",
            "web_service_access_only": "true" if user_name == integration else "false",
        }


def group_rows() -> Iterator[Row]:
    """Yield the groups, without system fields."""
    for name, description in _GROUPS:
        yield {"sys_id": stable_id("sys_user_group", name), "name": name, "description": description}


def role_rows() -> Iterator[Row]:
    """Yield the roles, without system fields."""
    for name in (*_ROLES, *_SECURITY_ROLES):
        yield {"sys_id": stable_id("sys_user_role", name), "name": name}


def has_role_rows(integration: str, roles: Collection[str]) -> Iterator[Row]:
    """Yield who has which role, without system fields."""
    for name in sorted(roles):
        yield {"user": stable_id("sys_user", integration), "role": stable_id("sys_user_role", name)}


def referred_rows(table: str) -> Iterator[Row]:
    """Yield the things of one table that records refer to, without system fields."""
    display = "u_name" if table == "u_site" else "name"
    for number, (name, values) in enumerate(_REFERRED[table]):
        yield {"sys_id": stable_id(table, f"{name} {number}"), display: name, **values}
