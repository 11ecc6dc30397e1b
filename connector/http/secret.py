"""Secrets as references: the configuration says where a secret is, never what it is.

A reference is read whenever its value is needed, so that a rotated secret is taken up without a restart. A
file is read again only when its time stamp or inode changed: a header is built for every request, and a
`stat` costs a fiftieth of what reading costs. The value never enters the settings model, so no dump or `repr`
can show it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connector.errors import AuthError, unreadable
from connector.http.paths import LocalPath


class Secret(BaseModel):
    """Where a secret is: `{env: NAME}` or `{file: PATH}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    env: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$",
        description="Name of an environment variable that holds the secret.",
    )
    file: LocalPath | None = Field(
        None,
        description="File with the secret, relative to the configuration; read again when it changes.",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_reference(cls, value: object) -> object:
        """Refuse a secret that was written out, in a sentence that does not repeat it."""
        if not isinstance(value, Mapping | Secret):
            what = "must be a reference; write {env: NAME} or {file: PATH}, never the secret itself"
            raise ValueError(what)  # noqa: TRY004  # pydantic takes ValueError as a complaint
        return value

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("name one place: {env: NAME} or {file: PATH}")
        return self

    @property
    def reference(self) -> str:
        """The place in words, for messages: `environment variable NAME` or `file PATH`."""
        return f"environment variable {self.env}" if self.env is not None else f"file {self.file}"

    def read(self) -> str:
        """The secret as it is now, without one trailing line break.

        Raises AuthError, naming the reference, when it cannot be read or is empty.
        """
        value = self._from_environment() if self.file is None else self._from_file(self.file)
        value = value.removesuffix("\n").removesuffix("\r")
        if not value:
            raise AuthError(f"the secret in {self.reference} is empty", remedy="put the secret there")
        return value

    def stamp(self) -> object:
        """A value that changes when the secret may have changed; None when only reading it can tell."""
        if self.file is None:
            return None
        try:
            status = self.file.stat()
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_ino, status.st_size)

    def _from_environment(self) -> str:
        value = os.environ.get(self.env or "")
        if value is None:
            raise AuthError(f"{self.reference} is not set", remedy="set it for this process")
        return value

    def _from_file(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise AuthError(
                f"{self.reference} is not UTF-8 text", remedy="store the secret as text"
            ) from None
        except OSError as error:
            raise AuthError(
                f"{self.reference} cannot be read: {unreadable(error)}",
                remedy="check the path and its permissions",
            ) from None


class SecretReader:
    """A secret's current value, read again only when it may have changed."""

    def __init__(self, secret: Secret) -> None:
        self.secret = secret
        self._stamp: object = None
        self._value = ""

    def read(self) -> str:
        """The secret as it is now. Raises AuthError when it cannot be read."""
        stamp = self.secret.stamp()
        if stamp is None or stamp != self._stamp:
            self._value = self.secret.read()
            self._stamp = stamp
        return self._value
