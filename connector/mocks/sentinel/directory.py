"""The small Entra directory behind incident owners and comment authors.

Sentinel completes an owner from any one identifier it knows; a name that is nobody's, such as `Customer`,
stays as it was given. People are data, so a test or a demonstration may add its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

OWNER_MEMBERS: Final = ("objectId", "email", "assignedTo", "userPrincipalName", "ownerType")


@dataclass(frozen=True)
class Person:
    """A user or group that can own incidents."""

    object_id: str
    name: str
    email: str
    user_principal_name: str
    kind: str = "User"

    def as_owner(self) -> dict[str, Any]:
        """Return all five members of an incident's `owner`."""
        return {
            "objectId": self.object_id,
            "email": self.email,
            "assignedTo": self.name,
            "userPrincipalName": self.user_principal_name,
            "ownerType": self.kind,
        }

    def as_author(self) -> dict[str, Any]:
        """Return the `author` of a comment or the client information of a task."""
        return author(self.name, self.object_id, self.email, self.user_principal_name)


def author(
    name: str, object_id: str | None = None, email: str | None = None, principal: str | None = None
) -> dict[str, Any]:
    """Return a comment's `author` with the members that are known."""
    return {"objectId": object_id, "email": email, "name": name, "userPrincipalName": principal}


PEOPLE: Final = (
    Person(
        "11111111-0000-4000-8000-000000000001",
        "Alex Wilber",
        "alex.wilber@contoso.example",
        "alexw@contoso.example",
    ),
    Person(
        "11111111-0000-4000-8000-000000000002",
        "Megan Bowen",
        "megan.bowen@contoso.example",
        "meganb@contoso.example",
    ),
    Person(
        "11111111-0000-4000-8000-000000000003",
        "SOC Tier 2",
        "soc-tier2@contoso.example",
        "soc-tier2@contoso.example",
        kind="Group",
    ),
)


class Directory:
    """Finds people by object id, e-mail, user principal name or display name, without regard to case."""

    def __init__(self, people: Iterable[Person] = PEOPLE) -> None:
        self._by_key: dict[str, Person] = {}
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        """Make a person known under each of their identifiers."""
        for key in (person.object_id, person.email, person.user_principal_name, person.name):
            self._by_key[key.casefold()] = person

    def find(self, key: str) -> Person | None:
        """Return who is known under `key`, if anybody."""
        return self._by_key.get(key.casefold())

    def complete(self, owner: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the stored form of a written `owner`: five members, from the strongest identifier given."""
        given = {member: (owner or {}).get(member) or None for member in OWNER_MEMBERS}
        for member in ("objectId", "userPrincipalName", "email", "assignedTo"):
            key = given[member]
            person = self.find(key) if key else None
            if person is not None:
                return person.as_owner()
        return given

    def author_for(self, name: str) -> dict[str, Any]:
        """Return the author a comment by `name` shows."""
        person = self.find(name)
        return person.as_author() if person is not None else author(name)
