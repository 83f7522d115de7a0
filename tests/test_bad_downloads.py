"""Downloads that are not what they claim, servers that stall, and what killed ones leave behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataperf import registry
from dataperf.errors import DataperfError, DigestMismatch, Invalid, Unavailable
from dataperf.records import Archive, Folder, Url
from dataperf.sources import archives, download, leftovers
from tests import test_download
from tests.test_download import CONTENT, GOOD, PLUGIN, zipped

server = test_download.server
PAGE = b"\r\n <!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>"
DENIED = b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'


def parquet():
    out = io.BytesIO()
    pq.write_table(pa.table({"x": [1, 2]}), out)
    return out.getvalue()


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("x", os.urandom(5000))
    return out.getvalue()


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        member = tarfile.TarInfo("x")
        member.size = 5000
        file.addfile(member, io.BytesIO(os.urandom(5000)))
    return out.getvalue()


WHOLE = {
    "d.zip": archive(),
    "d.tar.gz": tar(),
    "d.parquet": parquet(),
    "d.json": b'{"a": [1, 2]}\n',
    "d.csv": b"a,b\n1,2\n",
    "d.npy": b"\x93NUMPY\x01\x00",
    "page.html": PAGE,
    "d.bin": b"<x>",
}
BAD = [
    *((name, PAGE) for name in WHOLE if name != "page.html"),
    *((name, DENIED) for name in WHOLE if name != "page.html"),
    *((name, b"") for name in WHOLE),
    *((name, WHOLE[name][: len(WHOLE[name]) // 2]) for name in ("d.zip", "d.parquet", "d.json")),
    ("d.tar.gz", WHOLE["d.tar.gz"][:20]),
    ("d.zip", b"not an archive"),
    ("d.csv", b"a,b\n\0\0"),
    ("d.json", b"Service unavailable"),
    ("d.parquet", b"PAR1"),
]


def fetch(server, path, **options):
    return download.fetch(server.address(path.name), path, pause=0.0, **options)


@pytest.mark.parametrize("name", WHOLE)
def test_what_it_claims_is_taken_and_its_pinned_digest_is_said(server, tmp_path, name):
    server.files[name] = WHOLE[name]
    said = []
    found = fetch(server, tmp_path / name, on_message=said.append)
    assert (tmp_path / "SHA256SUMS").read_text() == f"{found}  {name}\n"
    assert len(said) == 1
    assert f"{name}: its publisher promises no digest" in said[0]
    assert found in said[0]
    assert f"{len(WHOLE[name]):,} bytes" in said[0]
    fetch(server, tmp_path / name, on_message=said.append)
    assert len(said) == 1


@pytest.mark.parametrize(("name", "content"), BAD, ids=lambda each: ascii(each)[:20])
def test_what_it_does_not_claim_is_refused_and_nothing_pinned(server, tmp_path, name, content):
    server.files[name] = content
    with pytest.raises(Invalid, match="not-what-it-claims"):
        fetch(server, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    server.files[name] = WHOLE[name]
    fetch(server, tmp_path / name)
    assert (tmp_path / name).read_bytes() == WHOLE[name]


def test_a_login_page_behind_a_redirect_is_refused(server, tmp_path):
    server.moved["d.zip"] = server.address("login")
    server.files["login"] = PAGE
    with pytest.raises(Invalid, match="a web page arrived instead"):
        fetch(server, tmp_path / "d.zip")
    with pytest.raises(Invalid, match="a web page arrived instead"):
        fetch(server, tmp_path / "d.zip", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_sizes_that_the_publisher_cannot_mean_are_refused(server, tmp_path):
    for sizes in ((2_000_000, 3_000_000), (1, 1000)):
        with pytest.raises(Invalid, match=r"1,048,576 bytes arrived, expected"):
            fetch(server, tmp_path / "data.bin", sizes=sizes)
    fetch(server, tmp_path / "data.bin", sizes=(1_000_000, 2_000_000))


def test_a_page_that_was_pinned_earlier_is_refused_and_replaced(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_DATA", str(tmp_path))
    (tmp_path / "d.zip").write_bytes(PAGE)
    download._record(tmp_path / "d.zip", "0" * 64)
    source = Folder("files", archives=(Archive(server.address("d.zip"), "d.zip"),))
    server.files["d.zip"] = zipped(tmp_path / "made.zip", GOOD).read_bytes()
    with pytest.raises(Invalid, match="a web page arrived instead"):
        download.get("mine", source)
    assert (tmp_path / "d.zip").read_bytes() == PAGE  # a user's file is left
    download.get("mine", source, again=True)
    assert (tmp_path / "a/one.txt").read_bytes() == b"one"
    assert "0" * 64 not in (tmp_path / "SHA256SUMS").read_text()


def test_again_replaces_a_bad_file_and_what_was_unpacked(server, tmp_path, monkeypatch):
    place = tmp_path / "data"
    monkeypatch.setenv("DATAPERF_DATA", str(place))
    source = Folder("files", archives=(Archive(server.address("d.zip"), "d.zip"),))
    server.files["d.zip"] = zipped(tmp_path / "one.zip", [("a/x", b"1"), ("old", b"")]).read_bytes()
    download.get("mine", source)
    (place / "a/x").write_text("damaged")
    (place / "mine.txt").write_text("mine")
    download.get("mine", source)
    assert (place / "a/x").read_text() == "damaged"
    download.get("mine", source, again=True)
    assert (place / "a/x").read_text() == "1"
    server.files["d.zip"] = zipped(tmp_path / "two.zip", [("a/x", b"2"), ("b", b"")]).read_bytes()
    download.get("mine", source, again=True)
    assert (place / "a/x").read_text() == "2"
    names = ["SHA256SUMS", "UNPACKED.json", "a", "b", "d.zip", "mine.txt"]
    assert sorted(each.name for each in place.iterdir()) == names


def test_again_keeps_the_old_file_until_the_new_one_is_whole(server, tmp_path):
    fetch(server, tmp_path / "data.bin")
    server.files["data.bin"] = PAGE
    with pytest.raises(Invalid):
        fetch(server, tmp_path / "data.bin", again=True)
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    fetch(server, tmp_path / "data.bin")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["SHA256SUMS", "data.bin"]


def test_again_holds_to_a_promised_digest(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"damaged")
    with pytest.raises(DigestMismatch, match="--again"):
        fetch(server, tmp_path / "data.bin", sha256=test_download.DIGEST)
    fetch(server, tmp_path / "data.bin", sha256=test_download.DIGEST, again=True)
    server.files["data.bin"] = CONTENT[::-1]
    with pytest.raises(DigestMismatch):
        fetch(server, tmp_path / "data.bin", sha256=test_download.DIGEST, again=True)
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_server_that_trickles_is_given_up_and_the_part_kept(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    monkeypatch.setattr(download, "SLOWEST", 10**9)
    server.pause, server.etag = 0.05, None
    with pytest.raises(Unavailable, match="fewer than 1,000,000,000 bytes a second"):
        fetch(server, tmp_path / "data.bin")
    assert not (tmp_path / "data.bin").exists()
    monkeypatch.undo()
    server.pause = 0.0
    fetch(server, tmp_path / "data.bin")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_redirect_from_https_to_http_is_refused():
    asked = urllib.request.Request("https://example.org/d.zip")
    with pytest.raises(Unavailable, match="redirects to http://"):
        download._Redirects().redirect_request(asked, None, 302, "", {}, "http://example.org/d.zip")


def bomb(path, kind):
    if kind == "zip":
        return zipped(path, [("zeros", bytes(3 * 10**7))], compression=zipfile.ZIP_DEFLATED)
    with tarfile.open(path, "w:gz") as out:
        member = tarfile.TarInfo("zeros")
        member.size = 3 * 10**7
        out.addfile(member, io.BytesIO(bytes(member.size)))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_is_unpacked_and_nothing_is_kept(
    server, tmp_path, monkeypatch, kind
):
    place = tmp_path / "data"
    monkeypatch.setenv("DATAPERF_DATA", str(place))
    monkeypatch.setattr(archives, "SMALL", 10**6)
    name = f"d.{kind}"
    server.files[name] = bomb(tmp_path / name, kind).read_bytes()
    source = Folder("files", archives=(Archive(server.address(name), name),))
    with pytest.raises(Invalid, match=r"30,000,000 bytes in an archive of .*\[bomb\]"):
        download.get("mine", source)
    assert list(place.iterdir()) == []


def test_an_archive_that_does_not_fit_on_the_disk_is_refused(tmp_path, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr(archives.shutil, "disk_usage", lambda place: Usage)
    path = zipped(tmp_path / "d.zip", [("x", bytes(2000))])
    with pytest.raises(Invalid, match="1,000 free"):
        archives.unpack(path, tmp_path / "place")


def test_a_huge_header_in_a_tar_archive_is_not_read(tmp_path):
    path = tmp_path / "d.tar.gz"
    head = tarfile.TarInfo("x" * 90)
    head.type, head.size = tarfile.XHDTYPE, 2**30
    with tarfile.open(path, "w:gz") as out:
        out.fileobj.write(head.tobuf())
        out.fileobj.write(bytes(2**21))
    with pytest.raises(Invalid, match="a header of 1,073,741,824 bytes"):
        archives.unpack(path, tmp_path / "place")


def test_a_tar_archive_of_many_files_is_not_read_to_its_end(tmp_path):
    path = test_download.tarred(tmp_path / "d.tar", [(str(n), b"") for n in range(50)], mode="w")
    with pytest.raises(Invalid, match="too-many-files"):
        archives.unpack(path, tmp_path / "place", most_files=10)


def ended():
    """Return the number of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path):
    gone = [f".unpacking-{ended()}-a", f".writing-{ended()}-b.part"]
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    time.sleep(0.05)
    kept = [
        f".unpacking-{running.pid}-a",
        ".hidden",
        "mine",
        ".unpacking-x-a",
        f".unpacking-{9**30}",
    ]
    for name in [*gone, *kept]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x")
    leftovers.remove(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(kept)
    running.communicate(b"\n")
    leftovers.remove(tmp_path / "nowhere")


def test_a_download_killed_while_it_unpacks_leaves_nothing_after_the_next(server, tmp_path):
    entries = [(f"part/{n}.bin", os.urandom(2000)) for n in range(3000)]
    server.files["d.zip"] = zipped(tmp_path / "d.zip", entries).read_bytes()
    (tmp_path / "own/datasets").mkdir(parents=True)
    code = PLUGIN.replace("{address}", server.address("d.zip"))
    (tmp_path / "own/datasets/official_data.py").write_text(code)
    command = [sys.executable, "-m", "dataperf", "data", "get", "official-data"]
    command += ["--plugins", str(tmp_path / "own"), "--data-dir", str(tmp_path / "data")]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list((tmp_path / "data").glob(".unpacking-*/part/*")):
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert list((tmp_path / "data").glob(".unpacking-*"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = ["SHA256SUMS", "UNPACKED.json", "d.zip", "part"]
    assert sorted(each.name for each in (tmp_path / "data").iterdir()) == names
    assert len(list((tmp_path / "data/part").iterdir())) == 3000


def test_a_part_beside_a_whole_file_is_removed(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT)
    (tmp_path / "data.bin.part").write_bytes(b"x")
    (tmp_path / "data.bin.part.json").write_text("{}")
    fetch(server, tmp_path / "data.bin")
    assert [each.name for each in tmp_path.iterdir()] == ["data.bin"]


def test_official_files_come_over_https_from_addresses_that_name_a_version():
    for name in registry.find("datasets"):
        source = registry.load("datasets", name).source
        wanted = source.archives if isinstance(source, Folder) else ()
        wanted += (source,) if isinstance(source, Url) else ()
        for address in (each.address for each in wanted):
            assert address.startswith("https://"), name
            assert "/main/" not in address, name
            assert "/master/" not in address, name


def test_an_address_of_another_kind_is_refused(tmp_path: Path):
    with pytest.raises(DataperfError, match="not an http, https or file address"):
        download.fetch("javascript:x", tmp_path / "x", again=True)
