"""Labels that differ only by blanks, case, a full stop or Unicode form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from dataperf.basics.wording import plural
from dataperf.records import IntArray

#: Maximum number of sets of labels that a note names.
MOST = 4
#: Hyphens, dashes and apostrophes of print, as keyboards have them.
_SIGNS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u02bc", "'")
)


def key(label: str) -> str:
    """Return what labels have in common that differ only in spelling.

    >>> key(" >50K."), key("Caf\\u00e9") == key("CAFE\\u0301 "), key("a b") == key("a\\u00a0b")
    ('>50k', True, True)
    """
    text = unicodedata.normalize("NFKC", label)
    text = "".join(each for each in text if unicodedata.category(each) != "Cf").casefold()
    text = unicodedata.normalize("NFKC", " ".join(text.split())).translate(_SIGNS)
    text = re.sub(r"^([+-]?\d+)\.0+$", r"\1", text)
    return text.rstrip(".").rstrip() or text


def variants(labels: Sequence[str], counts: Sequence[int]) -> list[list[tuple[str, int]]]:
    """Return the sets of labels with the same key, each the most frequent first, with their rows.

    >>> variants(["a", "b", "A "], [1, 2, 3])
    [[('A ', 3), ('a', 1)]]
    """
    sets: dict[str, list[tuple[str, int]]] = {}
    for label, count in zip(labels, counts, strict=True):
        sets.setdefault(key(label), []).append((label, count))
    return [sorted(each, key=lambda pair: -pair[1]) for each in sets.values() if len(each) > 1]


def merged(
    labels: Sequence[str], found: Sequence[Sequence[tuple[str, int]]]
) -> tuple[IntArray, list[int]]:
    """Return the new class id of each label, and the labels that are kept as class names."""
    name = {label: each[0][0] for each in found for label, _ in each}
    kept = [number for number, label in enumerate(labels) if name.get(label, label) == label]
    place = {labels[number]: new for new, number in enumerate(kept)}
    to = np.array([place[name.get(label, label)] for label in labels], dtype=np.intp)
    return to, kept


def note(found: Sequence[Sequence[tuple[str, int]]], *, merge: bool) -> str:
    """Return labels that differ only in spelling, with their rows, and what can be done."""
    shown = "; ".join(
        " = ".join(f"{visible(label)} {plural(count, 'row')}" for label, count in each)
        for each in found[:MOST]
    )
    more = f" and {len(found) - MOST:,} more" if len(found) > MOST else ""
    what = "labels that differ only by blanks, case, a full stop or Unicode form"
    if merge:
        return f"{what} were read as one class each: {shown}{more}"
    return f"warning: {what} are classes of their own: {shown}{more}; --merge-labels makes them one"


def visible(label: str) -> str:
    """Return a label in quotes, with escapes where it would look like another one.

    >>> visible(" a"), visible("e\\u0301"), visible("\\u00e9")
    ('" a"', '"e\\\\u0301"', '"é"')
    """
    return (
        f'"{label}"'
        if _is_plain(label)
        else f'"{label.encode("ascii", "backslashreplace").decode()}"'
    )


def shown(label: str) -> str:
    """Return a label as it is; one that would look like another label, in quotes.

    >>> shown("cat"), shown(" cat")
    ('cat', '" cat"')
    """
    odd = label != " ".join(label.split()) or not _is_plain(label)
    return visible(label) if odd else label


def _is_plain(label: str) -> bool:
    """Return whether a label shows all of its characters."""
    return unicodedata.normalize("NFC", label) == label and all(
        each == " " or not (each.isspace() or unicodedata.category(each) in ("Cf", "Cc"))
        for each in label
    )
