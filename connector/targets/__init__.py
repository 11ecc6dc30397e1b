"""The systems whose records are kept in agreement: one package each.

The union below is the registry. A new target is a package and a line here; the configuration's schema, the
names in messages and the conformance suite follow from it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, get_args

from pydantic import Field

from connector.model import Catalogue
from connector.targets.sentinel import SentinelSettings
from connector.targets.servicenow import ServiceNowSecuritySettings, ServiceNowSettings

AnyTarget = Annotated[
    SentinelSettings | ServiceNowSettings | ServiceNowSecuritySettings, Field(discriminator="type")
]
_Member = type[SentinelSettings] | type[ServiceNowSettings] | type[ServiceNowSecuritySettings]


def settings_types() -> Iterator[tuple[str, _Member]]:
    """Every member of the union, with the word it is written as in a configuration."""
    for member in get_args(get_args(AnyTarget)[0]):
        yield get_args(member.model_fields["type"].annotation)[0], member


def catalogues() -> Mapping[str, Catalogue]:
    """What each type of target can hold, by the word it is written as."""
    return {word: member.catalogue for word, member in settings_types()}


__all__ = ["AnyTarget", "catalogues", "settings_types"]
