"""The shape of the configuration file. Each layer owns the settings it needs; here they are put together."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from connector.http.durations import Duration
from connector.http.settings import Settings
from connector.sources import AnySource
from connector.targets import AnyTarget

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


_DATABASES = re.compile(r"(sqlite:///|postgresql\+psycopg://).+")


def _checked_database(url: str) -> str:
    # In words of its own: pydantic's complaint about a pattern comes with the address, and that may hold a password.
    if _DATABASES.fullmatch(url) is None:
        raise ValueError(
            "not a database of a kind known here; write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        )
    from sqlalchemy import make_url  # a quarter of a second, which whoever only writes mappings need not wait
    from sqlalchemy.exc import ArgumentError

    try:
        make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port, which it quotes
        raise ValueError("not an address; write USER@HOST:PORT/NAME, and %40 for an @ within") from None
    return url


class StateSettings(Settings):
    """Where the connector remembers what it read, intends and delivered."""

    url: Annotated[str, AfterValidator(_checked_database)] = Field(
        description="Database address: sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME.",
        repr=False,
    )
    history: int = Field(20, ge=1, le=1000, description="Revisions kept of each incident.")


class RouteSettings(Settings):
    """One source's incidents, one target, and the mapping between them."""

    name: Name | None = Field(None, description="Name in status and audit; default: SOURCE-TARGET.")
    source: str = Field(description="Name of a source.")
    target: str = Field(description="Name of a target.")
    mapping: Path = Field(
        description="Mapping file, relative to this file; shipped:FILE for one that is shipped."
    )
    vars: dict[str, Any] = Field(default_factory=dict, description="Values the mapping reads as vars.NAME.")


class DeliverySettings(Settings):
    """How rows are taken to the targets."""

    give_up_after: Duration = Field(timedelta(days=7), description="Age at which a failing row is parked.")
    retry_first: Duration = Field(
        timedelta(seconds=5), description="Wait after the first failure; then doubled."
    )
    retry_most: Duration = Field(timedelta(minutes=10), description="The longest wait between two attempts.")
    pause: Duration = Field(
        timedelta(minutes=1), description="How long a paused target rests before it is asked again."
    )
    equal_rejections: int = Field(5, ge=2, description="So many equal refusals in a row pause the target.")
    drain: Duration = Field(
        timedelta(seconds=20), description="Time given to requests under way at shutdown."
    )


class BrakeSettings(Settings):
    """Limits on improbable bulk change: what goes beyond is held until an operator releases it.

    Creations and closings are counted for each target; a changed mapping is held as a whole.
    """

    creates_per_hour: int | None = Field(
        None, ge=1, description="Records created in any hour; more are held."
    )
    closes_per_hour: int | None = Field(None, ge=1, description="Records closed in any hour; more are held.")
    changed_share: int = Field(
        25,
        ge=0,
        le=100,
        description="Percentage of a route's records that a new mapping may change by itself.",
    )
    changed_least: int = Field(
        20, ge=1, description="So many records have to change for that percentage to count."
    )


class LoggingSettings(Settings):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least important level shown."
    )
    format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or text for people."
    )


class ConfigFile(Settings):
    """The configuration file."""

    version: Literal[1] = Field(description="Version of this file's format.")
    state: StateSettings
    sources: list[AnySource] = Field(min_length=1, description="Where incidents come from.")
    targets: list[AnyTarget] = Field(min_length=1, description="Where records are kept.")
    routes: list[RouteSettings] = Field(min_length=1, description="Which source feeds which target, and how.")
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    brakes: BrakeSettings = Field(default_factory=BrakeSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
