"""How the documentation site is built: ``sphinx-build -W --keep-going docs build/docs``.

Pages of the reference are generated from the command line, the JSON Schemas and the plug-ins
each time, so that they cannot become stale. The build needs no network.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from generator import write_all  # noqa: E402

import dataperf  # noqa: E402

project = "dataperf"
author = "The dataperf maintainers"
copyright = f"{author}. Code: Apache-2.0. Data: see the data licences"
version = release = dataperf.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build", "generator"]
root_doc = "index"
default_role = "code"
nitpicky = True  # a reference to nothing is a warning, and a warning fails the build
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures link where their page exists
suppress_warnings = ["mystnb.unknown_mime_type"]

nb_execution_mode = "off"  # the tests run the notebooks; the site shows their stored outputs
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_type_aliases = {name: name for name in ("IntArray", "FloatArray", "TextArray", "ArrayLike")}
numpydoc_show_class_members = False
python_use_unqualified_type_names = True
python_display_short_literal_types = True
maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"dataperf {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
NAMES = {
    "color-api-name": "var(--color-brand-content)",
    "color-api-pre-name": "var(--color-foreground-muted)",
}
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": NAMES,
    "dark_css_variables": NAMES,
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def without_arguments(app, what, name, value, options, signature, returns):
    """Show a protocol without arguments: a module satisfies it, nobody makes one.

    The signature of a dataclass with a made default cannot be parsed, and would be shown raw.
    """
    if getattr(value, "_is_protocol", False):
        return "", None
    if signature and "<factory>" in signature:
        return re.sub(r"~(\w+\.)+", "", signature.replace("<factory>", "...")), returns
    return None


def setup(app):
    """Write the generated pages before Sphinx reads the folder."""
    app.connect("autodoc-process-signature", without_arguments)
    app.connect("config-inited", lambda app, config: write_all(Path(app.srcdir)))
