"""What every part of a mapping file is made of."""

from pydantic import BaseModel, ConfigDict

Scalar = str | int | bool


class Shape(BaseModel):
    """Base of every part of a mapping file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
