"""Recognise written text, also without blanks, and distinguish it from codes and names of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Text with at least this mean number of words is read word by word.
WORDS = 4.0
#: Text with fewer words on average is a name or a code, unless it has a form of its own.
FEW_WORDS = 1.5
#: Share of values that must have a form.
MOST = 0.9
#: Share of different texts, digits aside, below which texts only count something.
DIFFERENT = 0.2
#: Scripts without blanks between words: Thai to Myanmar, Khmer, kana, Han, and their extensions.
LETTER = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f]"
)
#: A word of these scripts has about two letters.
LETTERS_A_WORD = 2
ADDRESS = re.compile(r"(https?|ftp)://\S+|www\.\S+", re.IGNORECASE)
#: Nucleotides, or the one-letter code of amino acids.
SEQUENCE = re.compile(r"[ACGTUNacgtun*-]{10,}|[A-Z*-]{20,}")
#: A molecule as SMILES or InChI; one in five or more has a bond, a branch or a bracket.
MOLECULE = re.compile(
    r"InChI=\S+|(\[[^\]\s]+\]|Br|Cl|[BCNOPSFIH]|[bcnops]|[()=#+\-\\/:~@*$%.]|\d)+"
)
BOND = re.compile(r"[(=#\[]")


def words_in(values: Sequence[str]) -> float:
    """Return the mean number of words; scripts without blanks count by letters.

    >>> words_in(["two words", "one"]), words_in(["位置方便，推荐给朋友"])
    (1.5, 5.5)
    """
    total = sum(
        value.count(" ") + 1 + len(LETTER.findall(value)) / LETTERS_A_WORD for value in values
    )
    return total / max(1, len(values))


def has_form(values: Sequence[str]) -> bool:
    """Return whether values are web addresses, sequences of nucleotides or amino acids, or molecules.

    >>> has_form(["https://a.org/x", "www.b.org"]), has_form(["CC(=O)O", "c1ccccc1O"])
    (True, True)
    """
    if _share(values, ADDRESS) >= MOST or _share(values, SEQUENCE) >= MOST:
        return True
    bonds = sum(BOND.search(value) is not None for value in values)
    return _share(values, MOLECULE) >= MOST and bonds >= DIFFERENT * len(values)


def is_short_text(values: Sequence[str]) -> bool:
    """Return whether short values are text: most have a second word, or a script without blanks.

    Values that differ in little more than their digits count something.

    >>> is_short_text(["cancel order", "late parcel", "refund"]), is_short_text(["row 1", "row 2"])
    (True, False)
    """
    letters = sum(sum(map(str.isalpha, value)) for value in values)
    marks = sum(len(value) - value.count(" ") for value in values)
    stems = {re.sub(r"\d+", "0", value) for value in values}
    differ = len(stems) > max(1, DIFFERENT * len(set(values)))
    return differ and 2 * letters > marks and words_in(values) >= FEW_WORDS


def _share(values: Sequence[str], form: re.Pattern[str]) -> float:
    return sum(form.fullmatch(value.strip()) is not None for value in values) / max(1, len(values))


def by_characters(values: Sequence[str]) -> bool:
    """Return whether texts are compared by characters: they have few words, or no blanks."""
    blanks = sum(value.count(" ") + 1 for value in values)
    letters = sum(len(LETTER.findall(value)) for value in values)
    return blanks < WORDS * len(values) or letters > LETTERS_A_WORD * blanks
