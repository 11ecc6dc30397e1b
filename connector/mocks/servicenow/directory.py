"""The people and groups of the instance: few, invented, and with one trap: two persons share a name."""

from collections.abc import Iterator
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
