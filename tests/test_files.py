"""Files are whole or absent, damage is seen, and only statements change a code digest."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataperf.basics import files


@given(st.binary(max_size=200))
def test_sealed_bytes_open_again(content):
    assert files.unseal(files.seal(content)) == content


@given(st.binary(max_size=60), st.data())
def test_any_damaged_byte_of_sealed_bytes_is_seen(content, data):
    sealed = bytearray(files.seal(content))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    assert files.unseal(bytes(sealed)) is None


@pytest.mark.parametrize("sealed", [b"", b"abc", files.seal(b"abc")[:-1], files.seal(b"") + b"\n"])
def test_cut_or_lengthened_sealed_bytes_are_seen(sealed):
    assert files.unseal(sealed) is None


def test_write_whole_replaces_the_old_content(tmp_path):
    path = tmp_path / "new" / "file"
    files.write_whole(path, b"old")
    files.write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [other.name for other in path.parent.iterdir()] == ["file"]


def test_failed_write_leaves_the_old_content_and_no_remains(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_whole(path, b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [other.name for other in tmp_path.iterdir()] == ["file"]


WRITER = """
import os, sys, time
from pathlib import Path
from dataperf.basics import files

sync = os.fsync

def slow(handle):
    time.sleep(0.01)
    sync(handle)

files.os.fsync = slow
print("ready", flush=True)
number = 0
while True:
    number += 1
    files.write_whole(Path(sys.argv[1]), files.seal(str(number).encode() * 100_000))
"""


def test_killed_writer_leaves_a_whole_file(tmp_path):
    path = tmp_path / "file"
    files.write_whole(path, files.seal(b"old"))
    for delay in (0.0, 0.005, 0.013, 0.021, 0.034):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            try:
                writer.wait(delay)
            except subprocess.TimeoutExpired:
                pass
            writer.kill()
            assert writer.wait() == -signal.SIGKILL
        assert files.unseal(path.read_bytes()) is not None
        others = [other.name for other in tmp_path.iterdir() if other != path]
        assert all(name.startswith(".") and name.endswith(".part") for name in others)


CODE = '''
"""A module."""
import os

def f(x):
    """Add one."""
    return x + 1  # one

class A:
    """A class."""

    text = """a

    b"""
'''


def digest(tmp_path, text):
    path = tmp_path / "code.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return files.digest_code(path.read_bytes())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# one", "# two"),
        ("  # one", ""),
        ("Add one.", "Add one to a number.\n\n    And say so."),
        ("A module.", "Another."),
        ("import os\n", "import os\n\n\n# a note\n"),
        ('    """A class."""\n\n', ""),
    ],
)
def test_words_do_not_change_a_code_digest(tmp_path, old, new):
    assert old in CODE
    assert digest(tmp_path, CODE) == digest(tmp_path, CODE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + 1", "x + 2"),
        ("import os", "import sys"),
        ('"""a\n\n', '"""a\n'),
        ('"""a\n', '"""a \n'),
        ("    return", "    # return"),
    ],
)
def test_statements_change_a_code_digest(tmp_path, old, new):
    assert old in CODE
    assert digest(tmp_path, CODE) != digest(tmp_path, CODE.replace(old, new))


def test_statement_on_the_line_of_a_docstring_counts(tmp_path):
    one, two = 'def f(): "doc"; return 1\n', 'def f(): "doc"; return 2\n'
    assert digest(tmp_path, one) != digest(tmp_path, two)


def test_form_feed_within_a_line_does_not_shift_comments(tmp_path):
    one = "a = '\\f\f'\nb = 1  # note\n"
    assert digest(tmp_path, one) == digest(tmp_path, one.replace("note", "other"))
    assert digest(tmp_path, one) != digest(tmp_path, one.replace("b = 1", "b = 2"))


def test_json_digest_heeds_values_and_not_the_order_of_keys():
    assert files.digest_json({"a": 1, "b": [2]}) == files.digest_json({"b": [2], "a": 1})
    assert files.digest_json({"a": 1}) != files.digest_json({"a": "1"})
    assert files.digest_json("\ud800")
