"""HTML from the templates in ``templates/``; Jinja escapes every text."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataperf.curation.charts import percent
from dataperf.curation.samples import clipped, short

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """Return a template filled with values; every text is escaped.

    Parameters
    ----------
    template
        Name of a file in ``templates/``.
    **values
        The values that the template names.
    """
    return _environment().get_template(template).render(**values)


def own_file(name: str) -> str:
    """Return the text of a file next to this module, such as the page's style."""
    return (FOLDER / name).read_text(encoding="utf-8")


def trusted(text: str) -> str:
    """Mark a text of this package (never of the data) to be inserted as it is."""
    from markupsafe import Markup

    return Markup(text)


@functools.cache
def _environment() -> Environment:
    """Return the Jinja environment; a name that a template does not get is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["clip"] = _clip
    made.filters["percent"] = percent
    made.filters["number"] = short
    made.filters["thousands"] = "{:,}".format
    # |tojson escapes what could end a script element; nan is an error
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return made


def _clip(text: object, most: int = 120) -> str:
    """Return a text on one line, cut at a length."""
    return clipped(text, most)
