"""Whatever lies in a file, the reader reports everything that is wrong with it, briefly."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataperf.basics import json_files
from dataperf.definitions import submission
from dataperf.errors import Invalid

sys.path.insert(0, str(Path(__file__).parent))
import tiny

LONGEST_MESSAGE = 20_000
DATA = {"tiny": tiny.data()}


def judge(content, path: Path, board=None, **rules):
    """Write, read and check a file; return the rules it breaks and the message."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    path.write_bytes(content)
    challenge = tiny.challenge(**rules)
    try:
        found = submission.read(path, challenge, board)
        submission.check(found, challenge, DATA)
    except Invalid as error:
        message = str(error)
        assert error.problems
        assert len(message) < LONGEST_MESSAGE
        message.encode()  # can be printed
        return {problem.rule for problem in error.problems}, message
    return set(), ""


def without(key):
    return {name: value for name, value in tiny.content().items() if name != key}


MANY = [7] * 100_000
BAD = {
    "unknown id": (tiny.content(["no/1", "yes/3"]), {"unknown-id"}),
    "id of a test": (tiny.content(["no/1", "yes/9"]), {"test-id"}),
    "duplicate": (tiny.content(["no/1", "no/1", "yes/1"]), {"duplicate-id"}),
    "two labels": (
        tiny.content({"no": ["no/1"], "yes": ["no/1"]}),
        {"duplicate-id", "misfiled-id"},
    ),
    "misfiled": (tiny.content({"no": ["yes/1"], "yes": ["yes/2"]}), {"misfiled-id"}),
    "over the budget": (tiny.content(list(tiny.POOL)), {"over-budget"}),
    "empty list": (tiny.content([]), {"empty"}),
    "empty classes": (tiny.content({"no": [], "yes": []}), {"empty"}),
    "unknown class": (tiny.content({"nope": ["no/1"], "yes": ["yes/1"]}), {"unknown-class"}),
    "ids a string": (tiny.content("no/1"), {"wrong-type"}),
    "ids a number": (tiny.content({"no": 3}), {"wrong-type"}),
    "ids null": (tiny.content({"no": None}), {"wrong-type"}),
    "ids nested": (tiny.content({"no": [["no/1"]]}), {"wrong-type"}),
    "number as id": (tiny.content([1, 2.5]), {"wrong-type"}),
    "100,000 wrong types": (tiny.content(MANY), {"wrong-type"}),
    "100,000 wrong classes": (
        tiny.content({f"class {number}": number for number in range(100_000)}),
        {"wrong-type"},
    ),
    "100,000 unknown ids": (tiny.content([f"x{n}" * 50 for n in range(100_000)]), {"unknown-id"}),
    "unknown key": (tiny.content(metod="x"), {"unknown-key"}),
    "10,000 unknown keys": (
        tiny.content(**{f"key{number}": 1 for number in range(10_000)}),
        {"unknown-key"},
    ),
    "very long key": (tiny.content(**{"x" * 100_000: 1}), {"unknown-key"}),
    "unknown key of the answer": (
        tiny.content(answer={"samples": ["no/1"], "rankin": []}),
        {"unknown-key"},
    ),
    "ranking": (
        tiny.content(answer={"samples": ["no/1"], "ranking": ["q", "no/1", "no/1"]}),
        {"unknown-id", "duplicate-id"},
    ),
    "no challenge": (without("challenge"), {"missing-key"}),
    "other challenge": (tiny.content(challenge="small"), {"other-challenge"}),
    "no board": (without("board"), {"missing-key"}),
    "unknown board": (tiny.content(board="en-26"), {"unknown-board"}),
    "name with a slash": (tiny.content(board="../en-25"), {"bad-name"}),
    "no answer": (without("answer"), {"missing-key"}),
    "answer a list": (tiny.content(answer=[]), {"wrong-type"}),
    "bool as version": (tiny.content(schema_version=True), {"wrong-type"}),
    "other version": (tiny.content(schema_version=1), {"schema-version"}),
    "a list": ([], {"wrong-type"}),
    "null": (None, {"wrong-type"}),
    "not JSON": (b"{samples: no}", {"not-json"}),
    "no bytes": (b"", {"not-json"}),
    "blanks": (b" \n", {"not-json"}),
    "truncated": (json.dumps(tiny.content()).encode()[:-5], {"not-json"}),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps(tiny.content()).encode(), {"not-json"}),
    "binary": (bytes(range(256)), {"not-json"}),
    "NaN": (b'{"declared_cost": {"s": NaN}}', {"not-json"}),
    "Infinity": (b'{"declared_cost": {"s": -Infinity}}', {"not-json"}),
    "beyond float": (
        json.dumps(tiny.content(declared_cost={"s": 0})).replace("0}", "1e999}").encode(),
        {"finite-number"},
    ),
    "repeated key": (b'{"board": "a", "board": "b"}', {"repeated-key"}),
    "100,000 repeated keys": (
        b"{" + b",".join(b'"%d":1,"%d":1' % (n, n) for n in range(100_000)) + b"}",
        {"repeated-key"},
    ),
    "repeated keys in many objects": (b"[" + b'{"a":1,"a":2},' * 9999 + b"1]", {"repeated-key"}),
    "deep": (b"[" * 100_000 + b"]" * 100_000, {"too-deep"}),
    "a little deep": (
        tiny.content(answer=json.loads('{"a":' * 40 + "1" + "}" * 40)),
        {"too-deep"},
    ),
    "huge integer": (b'{"schema_version": ' + b"9" * 100_000 + b"}", {"not-json"}),
    "lone surrogate": (tiny.content(["\ud800"]), set()),
    "lone surrogate as a class": (tiny.content({"\ud800": ["no/1"]}), set()),
    "lone surrogate as a key": (tiny.content(**{"\ud800": 1}), set()),
}


def test_a_byte_order_mark_is_reported(tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes(BAD["byte order mark"][0])
    with pytest.raises(Invalid, match="begins with a byte order mark: save it as UTF-8 without"):
        json_files.load_json(path)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_submission_is_refused(kind, tmp_path):
    content, expected = BAD[kind]
    started = time.monotonic()
    rules, message = judge(content, tmp_path / "answer.json")
    assert message, "it passed"
    assert expected <= rules
    assert time.monotonic() - started < 10


def test_a_good_submission_passes(tmp_path):
    assert judge(tiny.content(), tmp_path / "a.json") == (set(), "")
    assert judge(tiny.content(["no/1", "yes/1", "yes/2"]), tmp_path / "a.json") == (set(), "")


def test_missing_class_is_a_warning_or_an_error_by_rule(tmp_path):
    content = tiny.content({"no": ["no/1"]})
    assert judge(content, tmp_path / "a.json")[0] == set()
    read = submission.read(tmp_path / "a.json", tiny.challenge())
    assert "missing-class" in submission.check(read, tiny.challenge(), DATA)[0]
    assert judge(content, tmp_path / "a.json", missing_class="error")[0] == {"missing-class"}


def test_every_problem_of_a_submission_is_reported_at_once(tmp_path):
    content = tiny.content(
        {"no": 1}, schema_version=1, board="a b", metod="x", declared_cost={"s": "much"}
    )
    rules, message = judge(content, tmp_path / "a.json")
    assert rules == {"wrong-type", "schema-version", "bad-name", "unknown-key"}
    assert 'Did you mean "method"?' in message
    assert "answer.samples.no" in message and "declared_cost.s" in message


def test_every_problem_of_the_answer_is_told_at_once(tmp_path):
    content = tiny.content({"no": ["yes/1", "yes/1", "zzz"], "yes": ["no/9"], "yess": []})
    rules, message = judge(content, tmp_path / "a.json", missing_class="error")
    assert rules == {
        "misfiled-id", "duplicate-id", "unknown-id", "test-id", "unknown-class", "over-budget",
    }  # fmt: skip
    # "zzz" was meant to be of the class it is filed under, so no class is missing on top
    assert 'Did you mean "yes"?' in message


def test_what_is_no_file_is_refused(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large.json"
    large.write_text(json.dumps(tiny.content()))
    cases = {
        tmp_path: "not-a-file",
        tmp_path / "none.json": "not-a-file",
        pipe: "not-a-file",
        tmp_path / ("n" * 5000): "unreadable",
        large: "too-large",
    }
    monkeypatch.setattr(json_files, "LARGEST_FILE", 50)
    for path, rule in cases.items():
        with pytest.raises(Invalid) as caught:
            submission.read(path, tiny.challenge())
        assert [problem.rule for problem in caught.value.problems] == [rule]
        assert len(str(caught.value)) < LONGEST_MESSAGE


def test_unreadable_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("{}")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(Invalid, match="unreadable"):
        submission.read(path, tiny.challenge())


def test_official_format_takes_its_board_from_the_name_or_the_argument(tmp_path):
    content = {"targets": {"yes": ["yes/1"]}, "nontargets": ["no/1"]}
    path = tmp_path / "en_25_train.json"
    path.write_text(json.dumps(content))
    named = submission.read(path, tiny.challenge())
    assert named.board == "en-25"
    assert named.answer["samples"] == {"yes": ["yes/1"], "nontarget": ["no/1"]}
    assert submission.read(path, tiny.challenge(), "other").board == "other"
    path.write_text(json.dumps({**content, "rankin": []}))
    with pytest.raises(Invalid, match='unknown key "rankin"'):
        submission.read(path, tiny.challenge())
    path.write_text(json.dumps(content))
    unnamed = path.rename(tmp_path / "train.json")
    with pytest.raises(Invalid, match="no-board"):
        submission.read(unnamed, tiny.challenge())
    assert submission.read(unnamed, tiny.challenge(), "en-25").board == "en-25"


def test_board_asked_for_must_be_the_board_answered(tmp_path):
    assert judge(tiny.content(), tmp_path / "a.json", "other")[0] == {"other-board"}


def test_dumped_submission_reads_back(tmp_path):
    read = submission.parse(tiny.content(method="naïve"), tiny.challenge())
    (tmp_path / "a.json").write_text(submission.dump(read), encoding="utf-8")
    assert submission.read(tmp_path / "a.json", tiny.challenge()) == read


# Properties -----------------------------------------------------------------------------

QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=4),
    max_leaves=12,
)
ANY_ID = st.sampled_from([*tiny.POOL, "no/9", "yes/9", "no/3", ""])
ANY_SAMPLES = st.lists(ANY_ID, max_size=5) | st.dictionaries(
    st.sampled_from([*tiny.CLASSES, "maybe"]), st.lists(ANY_ID, max_size=3), max_size=3
)


def is_right(samples) -> bool:
    """Check an answer anew, without the code under test."""
    by_class = samples if isinstance(samples, dict) else {None: samples}
    chosen = [(label, name) for label, names in by_class.items() for name in names]
    return (
        0 < len(chosen) <= tiny.BUDGET
        and all(count == 1 for count in Counter(name for _, name in chosen).values())
        and all(name in tiny.POOL for _, name in chosen)
        and all(label in (None, tiny.POOL[name]) for label, name in chosen)
        and all(label in (None, *tiny.CLASSES) for label in by_class)
    )


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(tmp_path, content):
    assert judge(content, tmp_path / "a.json")[1]


@QUICK
@given(ANY_JSON)
def test_any_json_is_refused(tmp_path, content):
    assert judge(content, tmp_path / "a.json")[1]


@QUICK
@given(ANY_SAMPLES)
def test_an_answer_passes_exactly_if_it_is_right(tmp_path, samples):
    rules, _ = judge(tiny.content(samples), tmp_path / "a.json")
    assert (not rules) == is_right(samples)


@QUICK
@given(st.sampled_from([*tiny.content(), "method", "more", "declared_cost"]), ANY_JSON)
def test_a_submission_with_a_mutated_field_never_breaks_the_reader(tmp_path, key, value):
    rules, _ = judge(tiny.content(**{key: value}), tmp_path / "a.json")
    right = key == "schema_version" and type(value) is int and value == 2
    if key in ("schema_version", "challenge", "board", "answer") and not right:
        assert rules


@QUICK
@given(st.data())
def test_a_submission_with_mutated_bytes_never_breaks_the_reader(tmp_path, data):
    content = bytearray(json.dumps(tiny.content()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    rules, message = judge(bytes(content), tmp_path / "a.json")
    if not message:
        assert is_right(json.loads(bytes(content))["answer"]["samples"])
