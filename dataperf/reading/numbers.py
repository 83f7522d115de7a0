"""Read numbers as people write them: decimal commas, thousands signs, units, percent, times.

A column is read as numbers only if all of its values agree on one form. Values that stand for
nothing, such as ``?`` or ``-``, are missing then.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

#: Words that stand for a missing number in a column whose other values are all numbers.
PLACEHOLDERS = frozenset(
    ("?", "-", "--", "---", ".", "..", "*", "/", "\\N", "\N{EN DASH}", "\N{EM DASH}")
    + ("na", "n/a", "n.a.", "none", "nil", "null", "nan", "missing", "unknown", "tbd")
    + ("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#n/a")
)
#: A number with a sign, a currency, digits, an exponent and a unit; "5-" and "$(5)" are negative.
_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-]?)\s*"
    r"(?P<currency>(?:[A-Z]{1,2})?[$€£¥₹₽₩]|Rs\.?(?=[\s\d])|[A-Z]{3}(?=[\s\d+(-]))?\s*"
    r"(?P<inner>\()?\s*"
    r"(?P<sign2>[+-]?)\s*(?P<body>\d[\d.,' ]*(?<![,' ])|[.,]\d+)(?P<exponent>[eEdD][+-]?\d+)?"
    r"(?P<behind>-)?(?P<gap>\s*)(?P<unit>[^\s\d.,'()+-][^\s\d,()]{0,11})?\s*(?P<close>\))?"
)
#: A number with a fraction, and signs next to it that no form knows: "~0.5", "0.5 ± 0.1", "0.5°N".
_NEARLY = re.compile(r"[~≈<>≤≥]?\s*[+-]?\d+[.,]\d+(?![\d.,])\s*(?:[^\s\w]\s*\S{0,12})?")
_PLAIN = re.compile(r"[+-]?\d+[.,]\d+")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_CLOCK = re.compile(
    r"([+-]?)(\d{1,4}):([0-5]?\d)(?::([0-5]?\d(?:[.,]\d+)?))?\s*([aApP])?\.?[mM]?\.?"
)
#: Units that may follow a number without a blank.
_UNITS = frozenset(
    ("%", "‰", "$", "€", "£", "¥", "°", "°C", "°F", "kg", "g", "mg", "µg", "t", "lb", "lbs", "oz")
    + ("km", "m", "cm", "mm", "nm", "mi", "ft", "in", "yd", "m²", "m³", "m2", "m3", "sqm", "sqft")
    + ("h", "hr", "hrs", "min", "s", "sec", "ms", "us", "ns", "d", "km/h", "kmh", "mph", "m/s")
    + ("l", "L", "ml", "mL", "dl", "cl", "kB", "KB", "MB", "GB", "TB", "Hz", "kHz", "MHz", "GHz")
    + ("mV", "kV", "W", "kW", "kWh", "MW", "MWh", "hp", "J", "kJ", "kcal", "cal", "dB", "rpm")
    + ("Pa", "hPa", "kPa", "bar", "mbar", "psi", "mmHg", "bpm", "px", "mol", "mmol", "pct", "pp")
    + ("k", "K", "M", "B", "bn", "x", "EUR", "USD", "GBP", "CHF", "JPY", "INR", "CNY", "SEK")
)
#: Decimal sign and thousands sign of each form, the most usual first.
_FORMS = (
    (".", ""),
    (",", ""),
    (".", ","),
    (",", "."),
    (".", " "),
    (",", " "),
    (".", "'"),
    (",", "'"),
)
#: The digit zero in Arabic, Persian, Devanagari, Bengali, Thai and fullwidth form.
_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10)
_SIGNS = str.maketrans(
    {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{FULLWIDTH HYPHEN-MINUS}": "-"}
    | dict.fromkeys("\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}", "-")
    | dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}", " ")
    | {"\N{FIGURE SPACE}": " ", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}
    | {"\N{ARABIC DECIMAL SEPARATOR}": ".", "\N{ARABIC THOUSANDS SEPARATOR}": ","}
    | {
        "\N{FULLWIDTH FULL STOP}": ".",
        "\N{FULLWIDTH COMMA}": ",",
        "\N{FULLWIDTH PERCENT SIGN}": "%",
    }
    | {"\N{DEGREE CELSIUS}": "°C", "\N{DEGREE FAHRENHEIT}": "°F", "\N{ARABIC PERCENT SIGN}": "%"}
    | {chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)}
)
#: Number of values that are looked at first, and the least share of numbers among them.
LOOK, LEAST = 500, 0.5
#: A warning of a few words among numbers needs more different numbers than this.
FEW_VALUES = 20
#: In a column of plain numbers, this share of other words counts as missing, with a note.
FEW_STRAYS = 0.1
MOST_UNITS = 4


@dataclass(frozen=True)
class Found:
    """A column of text that holds numbers, or nearly does.

    Parameters
    ----------
    values : (n,) array of float64 or None
        NaN for missing; None if the values do not agree on one form.
    form
        How the numbers are written; why they cannot be read where ``values`` is None.
    example
        A value as written, and what it is read as.
    blanks
        Words that were read as missing, with their number of rows.
    decimal
        The decimal sign, where no other one fits the column; otherwise "".
    """

    values: NDArray[np.float64] | None
    form: str
    example: str = ""
    blanks: tuple[tuple[str, int], ...] = ()
    decimal: str = ""


def read(column: pd.Series, *, decimal: str = "") -> Found | None:
    """Read a column of text as numbers; None if it is other text, or holds plain numbers only.

    Parameters
    ----------
    column : Series of n texts
        Also numbers among them; missing values stay missing.
    decimal
        The decimal sign, where it is known: "," or ".".

    Examples
    --------
    >>> import pandas as pd
    >>> found = read(pd.Series(["1.234,50 €", "99,90 €", "?"]))
    >>> found.values.tolist(), found.form
    ([1234.5, 99.9, nan], 'a decimal comma, "." between thousands, the unit €')
    """
    import pandas as pd

    if not _looks_numeric(column):
        return _nearly(column)
    codes, unique = pd.factorize(column.map(_text, na_action="ignore"), use_na_sentinel=True)
    words = [str(each) for each in unique]
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    there = [number for number, word in enumerate(words) if word.casefold() not in PLACEHOLDERS]
    empty = [number for number, word in enumerate(words) if word.casefold() in PLACEHOLDERS]
    if not there:
        return None
    blanks = tuple((words[number], int(counts[number])) for number in empty if words[number])
    found = _clock(words, there) or _written(words, there, counts, decimal)
    if found is None:
        return _nearly(column)
    if found.values is None:
        return found
    if found.form == "" and not blanks:
        return None
    values = np.full(len(words) + 1, np.nan)
    values[there] = found.values
    return Found(values[codes], found.form, found.example, blanks, found.decimal)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else repr(value)


def _looks_numeric(column: pd.Series) -> bool:
    """Return whether at least half of some values begin like numbers."""
    there = column[column.notna()]
    some = there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK]
    kinds = {type(value) for value in some}
    if not kinds or any(issubclass(kind, bool) for kind in kinds):
        return False
    if not all(issubclass(kind, str | int | float | np.number) for kind in kinds):
        return False
    hits = [
        bool(_NUMBER.fullmatch(_clean(text)) or _CLOCK.fullmatch(text)) for text in map(_text, some)
    ]
    return sum(hits) >= LEAST * len(hits)


def _nearly(column: pd.Series) -> Found | None:
    """Return a warning if many values are fractions with signs that no form knows."""
    there = column[column.notna()]
    some = there.iloc[:: max(1, len(there) // LOOK)].iloc[:LOOK]
    if not len(some) or not all(isinstance(value, str) for value in some):
        return None
    words = [str(value).strip() for value in some]
    hits = sum(
        bool(_NEARLY.fullmatch(_clean(word)) and not _PLAIN.fullmatch(word)) for word in words
    )
    if hits < (1 - FEW_STRAYS) * len(words) or len(set(words)) <= FEW_VALUES:
        return None
    return Found(None, "signs next to the numbers", _quoted(words, list(range(len(words)))))


def _clean(text: str) -> str:
    return text.translate(_SIGNS).strip()


def _clock(words: list[str], there: list[int]) -> Found | None:
    """Read clock times and durations; None if there are other values."""
    matches = [_CLOCK.fullmatch(_clean(words[number])) for number in there]
    parts = [match.groups() for match in matches if match is not None]
    if len(parts) < len(matches):
        return None
    lengths = {seconds is not None for _, _, _, seconds, _ in parts}
    if len(lengths) > 1:
        return Found(None, "times with and without seconds", _quoted(words, there))
    values: list[float] = []
    for sign, hours, minutes, seconds, half in parts:
        hour = int(hours) % 12 + 12 * (half in "pP") if half else int(hours)
        value = hour * 3600 + int(minutes) * 60 + float((seconds or "0").replace(",", "."))
        values.append(-value if sign == "-" else value)
    example = f'"{words[there[0]]}" is {values[0]:g} seconds'
    return Found(np.array(values, dtype=np.float64), "clock times", example)


def _written(
    words: list[str], there: list[int], counts: NDArray[Any], decimal: str
) -> Found | None:
    """Read numbers with separators, signs and units."""
    matches = {number: _match(words[number]) for number in there}
    others = [number for number, match in matches.items() if match is None]
    good = {number: match for number, match in matches.items() if match is not None}
    share = counts[list(good)].sum() / counts[there].sum() if good else 0.0
    if share < LEAST or not good:
        return None
    plain = all(_is_plain(match) for match in good.values())
    if others and plain and all(_INFINITE.fullmatch(words[number]) for number in others):
        return None
    if others:
        strays = counts[others].sum() / counts[there].sum()
        return None if plain and strays <= FEW_STRAYS else _mixed(words, others, good, plain)
    if any(re.match(r"0\d", match["body"]) for match in good.values()):
        return None  # codes such as 007
    units = Counter(_unit(match) for match in good.values())
    if len(units) > 1:
        repeated = any(units[unit] > 1 for unit in units if unit)
        if len(units) > MOST_UNITS or not (repeated or _UNITS.issuperset({*units} - {""})):
            return None
        names = " and ".join(sorted(unit or "none" for unit in units))
        return Found(None, f"different units ({names})", _quoted(words, list(good)))
    return _of_one_unit(words, good, next(iter(units)), decimal)


def _of_one_unit(
    words: list[str], good: dict[int, re.Match[str]], unit: str, decimal: str
) -> Found | None:
    bodies = [match["body"] for match in good.values()]
    fits = [form for form in _FORMS if all(_fits(body, *form) for body in bodies)]
    if decimal:
        fits = [form for form in fits if form[0] == decimal] or fits
    if any(match["exponent"] for match in good.values()):  # nobody writes 1,234e5
        fits = [form for form in fits if not form[1]] or fits
    if not fits and not all(any(_fits(body, *form) for form in _FORMS) for body in bodies):
        return None  # versions, addresses and the like
    if not fits:
        return Found(None, "different decimal or thousands signs", _quoted(words, list(good)))
    marked = any("," in body for body in bodies)
    if marked and (",", "") in fits and (".", ",") in fits:
        return Found(None, "a decimal comma, or thousands", _quoted(words, list(good)))
    bracketed = sum(bool(match["open"] or match["inner"]) for match in good.values())
    if bracketed == len(good) and bracketed:
        return None  # (1), (2) are names rather than negative numbers
    mark, thousands = fits[0]
    values = [_value(match, mark, thousands) for match in good.values()]
    used = {sign for sign in (mark, thousands) if sign and any(sign in body for body in bodies)}
    form = ["a decimal comma"] * (mark == "," and "," in used)
    form += [f'"{thousands}" between thousands'] * (bool(thousands) and thousands in used)
    form += [f"the unit {unit}"] * bool(unit)
    form += ["brackets for negative numbers"] * bool(bracketed)
    form += ["exponents with D"] * any("d" in (m["exponent"] or "").lower() for m in good.values())
    form += ["a minus sign of print"] * any(
        "-" not in words[number] and "-" in match["sign"] + match["sign2"] + (match["behind"] or "")
        for number, match in good.items()
    )
    form += ["a minus sign behind"] * any(match["behind"] for match in good.values())
    form += ["a blank after the sign"] * any(
        re.match(r"[+-]\s", _clean(words[number])) for number in good
    )
    form += ["digits of another script"] * any(
        any(char.isdigit() and not char.isascii() for char in words[number]) for number in good
    )
    sure = "," if (mark in used and mark == ",") or (thousands in used and thousands == ".") else ""
    sure = (
        "."
        if (mark in used and mark == "." and form) or (thousands in used and thousands == ",")
        else sure
    )
    place = max(range(len(bodies)), key=lambda number: len(bodies[number]))
    example = f'"{words[list(good)[place]]}" is {values[place]:.12g}'
    return Found(np.array(values), ", ".join(form), example, decimal=sure)


def _mixed(
    words: list[str], others: list[int], good: dict[int, re.Match[str]], plain: bool
) -> Found | None:
    """Return a warning if a few other words are among many different numbers."""
    if len(good) <= FEW_VALUES or len(others) > max(FEW_VALUES, len(good) / 4):
        return None
    if plain and any(re.match(r"0\d", match["body"]) for match in good.values()):
        return None
    return Found(None, "other words among them", _quoted(words, others))


def _quoted(words: list[str], numbers: list[int], most: int = 3) -> str:
    return ", ".join(f'"{words[number][:40]}"' for number in numbers[:most])


def _match(word: str) -> re.Match[str] | None:
    match = _NUMBER.fullmatch(_clean(word))
    if match is None or bool(match["open"]) + bool(match["inner"]) != bool(match["close"]):
        return None
    if bool(match["sign"]) + bool(match["sign2"]) + bool(match["behind"]) > 1:
        return None
    unit = match["unit"]
    return None if unit and not match["gap"] and unit not in _UNITS else match


def _unit(match: re.Match[str]) -> str:
    return " ".join(each for each in (match["currency"], match["unit"]) if each)


def _is_plain(match: re.Match[str]) -> bool:
    return (
        not _unit(match)
        and not match["close"]
        and not match["behind"]
        and not re.search("[,' ]", match["body"])
    )


def _fits(body: str, decimal: str, thousands: str) -> bool:
    end = rf"(?:{re.escape(decimal)}\d*)?"
    if re.fullmatch(
        rf"\d*{re.escape(decimal)}\d+|\d{{1,4}}{end}"
        if thousands
        else rf"\d+{end}|{re.escape(decimal)}\d+",
        body,
    ):
        whole = body.partition(decimal)[0]
        return not thousands or len(whole) <= 4
    if not thousands:
        return False
    mark = re.escape(thousands)
    groups = rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|[1-9]\d?(?:{mark}\d{{2}})*{mark}\d{{3}}"
    return bool(re.fullmatch(rf"(?:{groups}){end}", body))


def _value(match: re.Match[str], decimal: str, thousands: str) -> float:
    body = match["body"].replace(thousands, "") if thousands else match["body"]
    body = body.replace(decimal, ".")
    exponent = re.sub("[dD]", "e", match["exponent"] or "")
    value = float(body + exponent)
    signs = match["sign"] + match["sign2"] + (match["behind"] or "")
    return -value if "-" in signs or match["close"] else value
