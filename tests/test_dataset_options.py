"""Options of a dataset in a challenge file: wrong ones are refused before any data is loaded."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dataperf import registry
from dataperf.cli import app
from dataperf.definitions import dataset_options, loading
from dataperf.errors import Invalid
from dataperf.registry.entries import Entry

MARKET = registry.get("challenges", "data-acquisition").path


def read(folder, options, dataset="digit_market"):
    """Return a challenge whose practice tasks have these options, written as TOML."""
    text = MARKET.read_text().replace('name = "data-acquisition"', 'name = "mine"', 1)
    text = text.replace("options = { market = 0 }", f"options = {options}", 1)
    text = text.replace('dataset = "digit_market"', f'dataset = "{dataset}"', 1)
    place = folder / "mine"
    place.mkdir(exist_ok=True)
    (place / "challenge.toml").write_text(text)
    return loading.read(place / "challenge.toml")


WRONG = {
    '{ market = "0" }': "market: '0' is not what digit_market takes [wrong-option]\n      one of 0, 1",
    "{ market = 1.5 }": "market: 1.5",
    "{ market = 0.0 }": "market: 0.0",
    "{ market = true }": "market: True",
    "{ market = 99 }": "market: 99",
    "{ market = -1 }": "market: -1",
    "{ makret = 0 }": "unknown option 'makret' [unknown-option]\n      Did you mean \"market\"?",
    "{ market = 0, zzz = 1 }": "unknown option 'zzz' [unknown-option]\n      digit_market takes market",
    "{}": "market: this option is required",
    f"{{ market = 1{'0' * 30} }}": "a number below 2 to the 63",
    f"{{ market = 1{'0' * 5000} }}": "[not-toml]",
    "{ market = [1] }": "[1] [wrong-type]\n      a text of at most 200 characters",
    "{ market = { a = 1 } }": "wrong-type",
    "{ market = nan }": "nan [wrong-type]",
    "{ market = inf }": "inf [wrong-type]",
    "{ market = 1979-05-27 }": "wrong-type",
    f'{{ market = "{"x" * 1_000_000}" }}': "wrong-type",
    '{ market = "\\u001b[31m" }': r"\x1b[31m",
    f'{{ "{"x" * 10_000}" = 1 }}': "unknown option 'xxx",
    "5": "options: 5",
    "[]": "options: []",
    f"{{ market = {'[' * 500}{']' * 500} }}": "",
    f"{{ market = {'[' * 50_000}{']' * 50_000} }}": "nested too deeply",
}


@pytest.mark.parametrize("options", WRONG, ids=lambda each: each[:30])
def test_wrong_options_are_one_clear_message(tmp_path, options, monkeypatch):
    monkeypatch.setattr(registry, "load", _only("tracks"))
    with pytest.raises(Invalid) as error:
        read(tmp_path, options)
    text = str(error.value)
    assert text.startswith(str(tmp_path / "mine/challenge.toml"))
    assert WRONG[options] in text
    assert len(error.value.problems) <= 2
    assert len(text) < 2000
    assert "\x1b" not in text


def _only(allowed):
    load = registry.load

    def loading_only(kind, name):
        assert kind == allowed, f"{kind} {name} was loaded"
        return load(kind, name)

    return loading_only


@pytest.mark.parametrize(
    ("dataset", "options", "word"),
    [
        ("dataperf_speech", '{ language = "../../etc" }', "one of en, id, pt"),
        ("dataperf_nibbler", "{ round = 2 }", "one of 1, 3, 4"),
        ("noisy_digit_pairs", '{ first = "eleven", second = "nine" }', "one of zero, one"),
        ("dataperf_debugging", '{ task = "*" }', "one of 01g317"),
        ("dataperf_acquisition", "{ market = 5 }", "one of 0, 1, 2, 3, 4"),
        ("noisy_digits", "{ sed = 3 }", "noisy_digits takes no options"),
        ("mnist_5k", "{ x = 1 }", "mnist_5k takes no options"),
        ("captioned_digits", "{ x = 1 }", "captioned_digits takes no options"),
    ],
)
def test_every_dataset_refuses_what_it_does_not_take(tmp_path, dataset, options, word):
    with pytest.raises(Invalid, match=word):
        read(tmp_path, options, dataset)


def test_our_challenges_and_honest_options_are_taken(tmp_path):
    for name in registry.find("challenges"):
        loading.load(name)
    assert read(tmp_path, "{ market = 3 }").tasks["digits-0"].options == {"market": 3}


SIGNATURES = {
    "def table(path, size=5): pass": [({}, 0), ({"size": "x"}, 0), ({"seize": 1}, 1)],
    "def table(path, *, size: int): pass": [({"size": 1}, 0), ({}, 1), ({"size": 1.0}, 1)],
    "def table(path, share: float = 0.5): pass": [({"share": 1}, 0), ({"share": True}, 1)],
    "def table(path, name: int | str): pass": [({"name": "a"}, 0), ({"name": 1.5}, 1)],
    "def table(path, name: Path): pass": [({"name": "a"}, 0)],
    "def table(path, **options): return options['a']": [({"b": 1}, 0)],
    "def table(path, **options): pass": [({"b": 1}, 1)],
    "K = Literal['a', 'b']\ndef table(path, k: K): pass": [({"k": "a"}, 0), ({"k": "c"}, 1)],
    "from elsewhere import table": [({"b": 1}, 0)],
    "def table(path": [({"b": 1}, 0)],
}


@pytest.mark.parametrize("code", SIGNATURES)
def test_what_a_users_dataset_takes_is_read_from_its_signature(tmp_path: Path, code):
    path = tmp_path / "mine.py"
    path.write_text(code)
    for options, count in SIGNATURES[code]:
        found = dataset_options.problems("p", Entry("datasets", "mine", path, "me"), options)
        assert len(list(found)) == count, options


def test_a_challenge_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "LARGEST_FILE", 1000)
    monkeypatch.setattr(tomllib, "loads", lambda text: pytest.fail("read"))
    with pytest.raises(Invalid, match="at most 16 MiB"):
        read(tmp_path, "{ market = 0 }")


def test_the_command_lists_challenges_beside_one_that_is_nested_too_deeply(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "challenges/deep").mkdir(parents=True)
    (tmp_path / "challenges/deep/challenge.toml").write_text(f"a = {'[' * 50_000}")
    monkeypatch.setenv("DATAPERF_PATH", "")  # --plugins sets it: put it back at the end
    words = ["dataperf", "list", "challenges", "--plugins", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as end:
        app.main()
    assert end.value.code in (None, 0)
    assert "speech-selection" in capsys.readouterr().out
