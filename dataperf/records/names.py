"""Names that people sign with: what they may hold, so that nobody can pass for somebody else.

The rule follows Unicode's report 39 (security mechanisms) as far as Python's own character data
goes. A name in any one script passes. Scripts may stand side by side in words of their own, except
those whose letters look like Latin ones.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator

from pydantic_core import PydanticCustomError

#: Scripts that one language writes together in a word.
TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}
#: Scripts many of whose letters look like Latin ones: never together with another script.
ALIKE = {"CYRILLIC", "GREEK", "COPTIC", "CHEROKEE", "ARMENIAN", "LISU", "GOTHIC", "DESERET"}
#: First words of character names that do not name the script.
SCRIPTS = {
    "IDEOGRAPHIC": "CJK",
    "VERTICAL": "CJK",
    "HANGZHOU": "CJK",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",
    "MICRO": "GREEK",
    "KATAKANA-HIRAGANA": "",
    "MODIFIER": "",
    "DIGIT": "",
    "COMBINING": "",
}
#: Characters that show nothing although they count as letters, marks or symbols.
BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
BLANK |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
#: Parts of the names of Latin letters, used by linguists, that look like ordinary ones.
PHONETIC = ("SMALL LETTER ALPHA", "SMALL LETTER SCRIPT G", "LATIN LETTER SMALL CAPITAL")
CLICKS = ("DENTAL CLICK", "LATERAL CLICK", "ALVEOLAR CLICK", "RETROFLEX CLICK")
#: Other forms of a character, by the tag of what it stands for.
FORMS = {"<font>", "<wide>", "<narrow>", "<circle>", "<super>", "<sub>", "<square>", "<small>"}
FORMS |= {"<initial>", "<medial>", "<final>", "<isolated>", "<fraction>", "<noBreak>"}
JOINERS = "\u200c\u200d"
#: Most marks on one letter.
MOST_MARKS = 4


def signed(name: str) -> str:
    """Return a person's or a team's name as it is, if nobody can mistake it for another.

    >>> signed("Zoë O'Neill-García"), signed("山田 太郎"), signed("Анна Петрова")
    ("Zoë O'Neill-García", '山田 太郎', 'Анна Петрова')

    Raises
    ------
    PydanticCustomError
        If the name holds control, invisible or look-alike characters, with their code points.
    """
    found = next(_wrong(name), None)
    if found is not None:
        raise PydanticCustomError("misleading-name", found.replace("{", "{{").replace("}", "}}"))
    return name


def visible(text: str) -> str:
    """Return a line as it is, if it has no control, invisible or reordering characters.

    >>> visible("k-means, ε = 0.1")
    'k-means, ε = 0.1'

    Raises
    ------
    PydanticCustomError
        If it has one, with its code point.
    """
    found = next(_invisible(text), None)
    if found is not None:
        raise PydanticCustomError("misleading-text", found.replace("{", "{{").replace("}", "}}"))
    return text


def _wrong(name: str) -> Iterator[str]:
    yield from _invisible(name)
    if name != name.strip(" ") or "  " in name:
        yield "U+0020 SPACE at an end or twice in a row: write single spaces between words"
    for place, character in enumerate(name):
        tag, _, plain = unicodedata.decomposition(character).partition(" ")
        title, kind = unicodedata.name(character, ""), unicodedata.category(character)
        if character == "\u3000" and _script(name[place - 1]) in EAST_ASIAN:
            continue  # the space between the parts of a Japanese name
        if (tag in FORMS and kind[0] in "LNZ") or (
            tag == "<compat>" and title.startswith(("LATIN", "ROMAN", "SMALL"))
        ):
            other = "".join(chr(int(point, 16)) for point in plain.split())
            yield f"{_point(character)}: write the ordinary form, {other!r}"
        if any(part in title for part in (*PHONETIC, *CLICKS)):
            yield f"{_point(character)}: it looks like another letter"
    yield from _mixed(unicodedata.normalize("NFC", name))


def _invisible(text: str) -> Iterator[str]:
    marks = 0
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if character in JOINERS and _joins(text, place):
            continue
        if kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or ord(character) in BLANK:
            yield f"{_point(character)}: it cannot be seen, or changes how others are shown"
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks > MOST_MARKS:
            yield f"{_point(character)}: more than {MOST_MARKS} marks on one letter"
        if marks == 1 and (place == 0 or text[place - 1] == " "):
            yield f"{_point(character)}: a mark without a letter"


def _joins(text: str, place: int) -> bool:
    """Return whether a joiner shows: after a virama, or between Arabic letters that join."""
    before, after = text[:place], text[place + 1 :]
    if not before or not after:
        return False
    if unicodedata.combining(before[-1]) == 9:
        return True
    letter = next((each for each in reversed(before) if not unicodedata.combining(each)), "")
    zero_width = text[place] == "\u200c"
    return zero_width and letter in _joining() and unicodedata.bidirectional(after[0]) == "AL"


@functools.cache
def _joining() -> frozenset[str]:
    """Return the Arabic letters that join the next one: those that have an initial form."""
    forms = (unicodedata.decomposition(chr(point)) for point in range(0xFB50, 0xFF00))
    return frozenset(
        chr(int(form.split()[1], 16)) for form in forms if form.startswith("<initial>")
    )


def _mixed(name: str) -> Iterator[str]:
    """Yield what is wrong with the scripts of a name, and with its digits."""
    first: dict[str, str] = {}
    for word in name.replace("\u3000", " ").split(" "):
        found = {script: each for each in word if (script := _script(each))}
        scripts = set(found)
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in TOGETHER):
            yield _both(found)
        first = found | first
    if len(first) > 1 and first.keys() & ALIKE:
        yield _both(first)
    zeros = {ord(each) - unicodedata.decimal(each): each for each in name if each.isdecimal()}
    if len(zeros) > 1:
        yield f"digits of several scripts: {', '.join(map(_point, zeros.values()))}"


def _both(found: dict[str, str]) -> str:
    others_first = sorted(found, key="LATIN".__eq__)
    points = ", ".join(_point(found[script]) for script in others_first)
    return f"letters of several scripts that look alike: {points}; write the name in one script"


def _script(character: str) -> str:
    """Return the script of a letter, mark or digit; "" if it belongs to none or to several."""
    if unicodedata.category(character)[0] not in "LM" and not character.isdecimal():
        return ""
    word = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    whole = unicodedata.name(character, "").partition(" ")[0]
    return SCRIPTS.get(whole, SCRIPTS.get(word, word))


def _point(character: str) -> str:
    title = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {title or 'without a name'}"
