"""The values that a field of a file may hold, and the base of all file records."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
#: Largest whole number in a file: larger ones do not fit the types that others read them with.
LARGEST_INT = 2**63 - 1
Count = Annotated[StrictInt, Field(ge=0, le=LARGEST_INT)]
#: Version of the file formats that this release reads and writes.
SCHEMA_VERSION = 2
Version = Annotated[StrictInt, Field(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)]
Scalar = str | StrictBool | StrictInt | Number


class Record(BaseModel):
    """A frozen record of named fields; an unknown key is an error.

    ``OLD_KEYS`` maps keys of schema_version 1 to today's keys, so that an error can name the new
    key.
    """

    OLD_KEYS: ClassVar[dict[str, str]] = {}

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
