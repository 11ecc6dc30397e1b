"""Records as the state keeps them."""

from connector.model import JSON, Mode, Record, as_json, from_json


def record_json(record: Record) -> JSON:
    """The JSON in which a record is stored."""
    return {
        "fields": {name: as_json(value) for name, value in record.fields.items()},
        "tags": list(record.tags),
        "modes": {name: mode.value for name, mode in record.modes.items()},
        "keep_tags": record.keep_tags,
        "tags_into": record.tags_into,
        "carried": sorted(record.carried),
        "when_record": dict(record.when_record),
    }


def record_of(value: JSON) -> Record:
    """The inverse of `record_json`."""
    return Record(
        {name: from_json(field) for name, field in value["fields"].items()},
        tuple(value["tags"]),
        {name: Mode(mode) for name, mode in value["modes"].items()},
        value["keep_tags"],
        value["tags_into"],
        frozenset(value["carried"]),
        value.get("when_record", {}),  # rows of earlier versions do not have it
    )
