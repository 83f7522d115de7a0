"""Answers that mean harm, to every challenge: one clear error, no traceback, exit code 2."""

from __future__ import annotations

import io
import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from dataperf.cli import app
from dataperf.definitions import loading, submission
from dataperf.errors import Invalid

BOARDS = {
    "speech-selection": ("digits-60", "samples"),
    "vision-selection": ("digits", "samples"),
    "vision-debugging": ("digits", "orders"),
    "data-acquisition": ("digits", "purchases"),
    "adversarial-nibbler": ("rate", "submitter"),
    "corpus-filtering": ("small", "ids"),
}
NOISE = random.Random(0).randbytes(2000)


def manifest(name: str, answer: object) -> str:
    content = {"schema_version": 2, "challenge": name, "board": BOARDS[name][0], "answer": answer}
    return json.dumps(content)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def files(name: str) -> dict[str, bytes | str]:
    field = BOARDS[name][1]
    sound = manifest(name, {field: {}})
    return {
        "nothing": b"",
        "noise": NOISE,
        "zeros": bytes(100),
        "utf-16": sound.encode("utf-16"),
        "latin-1": sound.replace("{}", '"\xe9"').encode("latin-1"),
        "half a surrogate": sound.replace(name, "\\ud800"),
        "nested 200,000 deep": nested(100_000),
        "objects nested deep": '{"a":' * 50_000 + "1" + "}" * 50_000,
        "an answer nested deep": manifest(name, {field: 0}).replace(" 0}", f" {nested(40)}}}"),
        "a number of 5,000 digits": sound.replace("1", "9" * 5000, 1),
        "a huge number": manifest(name, {field: 10**400}),
        "huge numbers": manifest(name, {field: {"a": [10**400]}}),
        "not a number": manifest(name, {field: float("nan")}),
        "infinity": sound.replace("{}", "1e999"),
        "null": manifest(name, {field: None}),
        "truth": manifest(name, {field: True}),
        "a list for an object": manifest(name, [1]),
        "a key twice": sound.replace('"board"', '"board": "x", "board"'),
        "an unknown key": manifest(name, {field: {}, "x": 1}),
        "a version that is true": sound.replace("1", "true", 1),
        "a control character": sound.replace(name, "\\u001b[31m"),
        "a name of 100,000 letters": sound.replace(name, "x" * 100_000),
    }


@pytest.mark.parametrize("name", BOARDS)
def test_bad_json_is_refused(name, tmp_path):
    asked = loading.load(name)
    for kind, content in files(name).items():
        path = tmp_path / "mine.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(Invalid) as error:
            submission.check(submission.read(path, asked), asked)
            pytest.fail(f"{kind} was accepted")
        assert len(str(error.value)) < 5000, kind
        assert "\x1b" not in str(error.value), kind


@pytest.mark.parametrize("name", BOARDS)
def test_what_is_no_file_is_refused(name, tmp_path):
    asked, board = loading.load(name), BOARDS[name][0]
    places = {each: tmp_path / f"{each}.json" for each in ("folder", "loop", "device", "pipe")}
    places["folder"].mkdir()
    places["loop"].symlink_to(places["loop"])
    places["device"].symlink_to("/dev/zero")
    os.mkfifo(places["pipe"])
    places["nowhere"] = tmp_path / "nowhere.json"
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "loop.csv").symlink_to(odd / "loop.csv")
    (odd / "up.csv").symlink_to("/")
    (odd / "device.txt").symlink_to("/dev/zero")
    (odd / "\udcff.csv").write_bytes(b"a")
    places["odd"] = odd
    for path in places.values():
        with pytest.raises(Invalid):
            submission.check(submission.read(path, asked, board), asked)


TEXTS = {
    "nothing": b"",
    "noise": NOISE,
    "zeros": bytes(100),
    "utf-16": "1,2\n".encode("utf-16"),
    "a number of 5,000 digits": b"9" * 5000,
    "not a number": b"nan",
    "infinity": b"1e999",
    "a million lines": b"0\n" * 1_000_000,
    "a quote left open": b'ImageID,Confidence\n"a,1\n',
    "a column twice": b"ImageID,ImageID,Confidence\na,b,1\n",
    "a long cell": b"ImageID,Confidence\n" + b"a" * 200_000 + b",1\n",
    "commas": b",,,",
}


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("vision-selection", ["three.csv", "five.csv", "eight.csv"]),
        ("vision-debugging", [f"{n}_x.txt" for n in ("three-eight", "four-nine")]),
        ("data-acquisition", [f"{number}.csv" for number in range(5)]),
    ],
)
def test_bad_text_is_refused(name, files, tmp_path):
    asked = loading.load(name)
    for kind, content in TEXTS.items():
        for file in files:
            (tmp_path / file).write_bytes(content)
        with pytest.raises(Invalid) as error:
            submission.check(submission.read(tmp_path, asked, BOARDS[name][0]), asked)
            pytest.fail(f"{kind} was accepted")
        assert len(str(error.value)) < 5000, kind


def test_bad_arrays_are_refused(tmp_path):
    asked = loading.load("corpus-filtering")
    objects, whole = io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    np.save(whole, np.zeros(3, dtype="<u8,<u8"))
    head = b"{'descr': '<u8', 'fortran_order': False, 'shape': (9999999999999, 2), }"
    for content in (
        b"",
        NOISE,
        objects.getvalue(),
        whole.getvalue()[:-5],
        whole.getvalue()[:20],
        b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(117) + b"\n",
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
    ):
        path = tmp_path / "uids.npy"
        path.write_bytes(content)
        with pytest.raises(Invalid):
            submission.read(path, asked, "small")


def test_a_million_problems_are_counted_and_a_hundred_listed(tmp_path):
    asked = loading.load("vision-selection")
    path: Path = tmp_path / "mine.json"
    path.write_text(manifest(asked.name, {"samples": {f"{n:x}": [] for n in range(2000)}}))
    with pytest.raises(Invalid, match=r"and 1,903 more") as error:
        submission.check(submission.read(path, asked), asked)
    assert len(error.value.problems) == 2003
    assert len(str(error.value).splitlines()) < 250


def test_the_command_says_what_is_wrong_and_returns_2(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mine.json"
    path.write_text(manifest("data-acquisition", {"purchases": {"digits-0": [10**400] * 12}}))
    for command in ("check", "evaluate"):
        words = ["dataperf", command, "-c", "data-acquisition", str(path)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            app.main()
        assert end.value.code == 2
        text = capsys.readouterr().err
        assert "not-for-sale" in text
        assert "Traceback" not in text
