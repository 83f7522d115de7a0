"""Official files from a server that fails in every way, and archives that mean harm."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest

from dataperf.errors import DataperfError, DigestMismatch, Invalid, Unavailable
from dataperf.records import Archive, Folder, Generated, Url
from dataperf.sources import archives, download

CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; ``cuts`` bytes at most in the next answers; remembers what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.answers: list[int] = []
        self.asked: list[str | None] = []
        self.etag: str | None = '"one"'
        self.pause = 0.0
        self.moved: dict[str, str] = {}

    def address(self, name):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        name = self.path.lstrip("/")
        code = server.answers.pop(0) if server.answers else 200
        if name in server.moved:
            self.send_response(302)
            self.send_header("Location", server.moved[name])
            self.end_headers()
            return
        if name not in server.files:
            code = 404
        if code != 200:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, start = server.files[name], 0
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == server.etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            code = 206 if start < len(content) else 416
        self.send_response(code)
        self.send_header("Content-Length", str(len(content) - start))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        part = content[start:]
        if server.cuts:
            part = part[: server.cuts.pop(0)]
        for at in range(0, len(part), 65536):
            try:
                self.wfile.write(part[at : at + 65536])
            except OSError:
                return
            time.sleep(server.pause)
        self.close_connection = True

    def log_message(self, *options):
        pass


@pytest.fixture
def server():
    running = Server()
    running.files["data.bin"] = CONTENT
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


def fetch(server, path, **options):
    return download.fetch(server.address("data.bin"), path, pause=0.0, **options)


def test_a_file_is_fetched_and_its_digest_recorded(server, tmp_path):
    seen = []
    path = tmp_path / "deep" / "data.bin"
    assert fetch(server, path, progress=lambda done, total: seen.append((done, total))) == DIGEST
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert (path.parent / "SHA256SUMS").read_text() == f"{DIGEST}  data.bin\n"
    assert sorted(each.name for each in path.parent.iterdir()) == ["SHA256SUMS", "data.bin"]
    fetch(server, path)
    assert len(server.asked) == 1  # what is there is only checked


def test_a_cut_connection_is_taken_up_where_it_broke(server, tmp_path):
    server.cuts = [300_000, 200_000]
    fetch(server, tmp_path / "data.bin")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_what_arrived_before_giving_up_is_kept(server, tmp_path):
    server.cuts = [100_000] * download.TRIES
    with pytest.raises(Unavailable, match="ended after 400,000 of 1,048,576 bytes"):
        fetch(server, tmp_path / "data.bin")
    assert not (tmp_path / "data.bin").exists()
    fetch(server, tmp_path / "data.bin")
    assert server.asked[-1] == "bytes=400000-"
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_file_that_changed_in_between_is_fetched_whole(server, tmp_path):
    server.cuts = [100_000] * download.TRIES
    with pytest.raises(Unavailable):
        fetch(server, tmp_path / "data.bin")
    server.files["data.bin"], server.etag = CONTENT[::-1], '"two"'
    fetch(server, tmp_path / "data.bin")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_validator_nothing_is_pieced_together(server, tmp_path, etag):
    server.etag, server.cuts = etag, [300_000]
    fetch(server, tmp_path / "data.bin")
    assert server.asked == [None, None]
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_starts_again(server, tmp_path):
    server.cuts = [100_000] * download.TRIES
    with pytest.raises(Unavailable):
        fetch(server, tmp_path / "data.bin")
    server.files["data.bin"] = CONTENT[:1000]
    fetch(server, tmp_path / "data.bin")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT[:1000]


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(server, tmp_path):
    server.answers = [503, 429, 500]
    fetch(server, tmp_path / "data.bin")
    assert len(server.asked) == 4
    with pytest.raises(Unavailable, match="answered 404"):
        download.fetch(server.address("no.bin"), tmp_path / "no.bin", pause=0.0)
    assert len(server.asked) == 5


def test_a_wrong_digest_is_refused_and_nothing_kept(server, tmp_path):
    with pytest.raises(DigestMismatch, match="was removed"):
        fetch(server, tmp_path / "data.bin", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_the_digest_of_the_first_download_holds_for_later_ones(server, tmp_path):
    fetch(server, tmp_path / "data.bin")
    (tmp_path / "data.bin").unlink()
    server.files["data.bin"] = CONTENT + b"more"
    with pytest.raises(DigestMismatch):
        fetch(server, tmp_path / "data.bin")
    assert not (tmp_path / "data.bin").exists()


def test_a_file_damaged_on_the_disk_is_named_and_left(server, tmp_path):
    fetch(server, tmp_path / "data.bin")
    (tmp_path / "data.bin").write_bytes(b"damaged")
    with pytest.raises(DigestMismatch, match="download it again"):
        fetch(server, tmp_path / "data.bin")
    assert (tmp_path / "data.bin").read_bytes() == b"damaged"


def test_a_file_too_large_is_refused_whether_it_says_so_or_not(server, tmp_path):
    with pytest.raises(DataperfError, match="more than the 1,000 allowed"):
        fetch(server, tmp_path / "data.bin", largest=1000)
    assert not (tmp_path / "data.bin").exists()


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/x", "data:,x", "/etc/hostname", ""])
def test_other_addresses_are_refused(address, tmp_path):
    with pytest.raises(DataperfError, match="not an http, https or file address"):
        download.fetch(address, tmp_path / "x")


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirect_does_not_leave_the_web(server, tmp_path, target):
    server.moved["data.bin"] = target
    with pytest.raises(Unavailable, match="redirects to|not allowed"):
        fetch(server, tmp_path / "data.bin")
    assert list(tmp_path.iterdir()) == []


def test_nobody_there(tmp_path):
    with pytest.raises(Unavailable, match="cannot download"):
        download.fetch("http://127.0.0.1:9/x", tmp_path / "x", pause=0.0)


# Archives ---------------------------------------------------------------------------------


def zipped(path, entries, **options):
    with zipfile.ZipFile(path, "w", **options) as out:
        for name, content in entries:
            out.writestr(name, content)
    return path


def tarred(path, entries, mode="w:gz"):
    with tarfile.open(path, mode) as out:
        for entry, content in entries:
            info = entry if isinstance(entry, tarfile.TarInfo) else tarfile.TarInfo(entry)
            info.size = len(content) if info.type == tarfile.REGTYPE else 0
            out.addfile(info, io.BytesIO(content))
    return path


GOOD = [("a/one.txt", b"one"), ("a/b/two.txt", b"two" * 1000), ("three.txt", b"")]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_archives_are_unpacked_once(tmp_path, kind):
    path = tmp_path / f"good.{kind}"
    if kind == "zip":
        zipped(path, GOOD, compression=zipfile.ZIP_DEFLATED)
    else:
        tarred(path, GOOD, mode="w:" + kind.removeprefix("tar").removeprefix("."))
    place = tmp_path / "place"
    assert archives.unpack(path, place) == ["a", "three.txt"]
    assert (place / "a/b/two.txt").read_bytes() == b"two" * 1000
    assert stat.S_IMODE((place / "a/one.txt").stat().st_mode) == 0o644
    (place / "a/one.txt").write_text("mine")
    assert archives.unpack(path, place) == ["a", "three.txt"]
    assert (place / "a/one.txt").read_text() == "mine"  # it was unpacked already


def test_a_folder_is_put_around_loose_files_only(tmp_path):
    loose = zipped(tmp_path / "loose.zip", [("x.txt", b"x")])
    within = zipped(tmp_path / "within.zip", [("two/x.txt", b"x")])
    assert archives.unpack(loose, tmp_path / "place", folder="one") == ["one"]
    assert archives.unpack(within, tmp_path / "place", folder="two") == ["two"]
    assert (tmp_path / "place/one/x.txt").read_bytes() == b"x"
    assert (tmp_path / "place/two/x.txt").read_bytes() == b"x"


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "place/a").mkdir(parents=True)
    path = zipped(tmp_path / "good.zip", GOOD)
    with pytest.raises(DataperfError, match="already contains a"):
        archives.unpack(path, tmp_path / "place")
    assert sorted(each.name for each in (tmp_path / "place").iterdir()) == ["a"]


def test_an_unpacking_that_was_killed_half_way_is_done_again(tmp_path, monkeypatch):
    path, place = zipped(tmp_path / "good.zip", GOOD), tmp_path / "place"
    replace, moved = Path.replace, []

    def killed(self, target):
        if moved and self.name == "three.txt":
            raise KeyboardInterrupt
        moved.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        archives.unpack(path, place)
    assert (place / "a").exists()
    monkeypatch.undo()
    assert archives.unpack(path, place) == ["a", "three.txt"]
    assert (place / "a/one.txt").read_bytes() == b"one"
    left = sorted(each.name for each in place.iterdir())
    assert left == ["UNPACKED.json", "a", "three.txt"]


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def device(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.CHRTYPE
    return info


HOSTILE_TAR = {
    "path-escape": [("../out.txt", b"x")],
    "absolute-path": [("/tmp/out.txt", b"x")],
    "link": [(link("a", "/etc/passwd"), b""), (link("b", "../x", tarfile.LNKTYPE), b"")],
    "device": [(device("null"), b"")],
    "duplicate-path": [("a.txt", b"x"), ("A.txt", b"y")],
    "bad-name": [("a\\b", b"x"), ("c\nd", b"x")],
}


@pytest.mark.parametrize("rule", HOSTILE_TAR)
def test_a_hostile_tar_is_refused_whole(tmp_path, rule):
    path = tarred(tmp_path / "bad.tar.gz", [("fine.txt", b"fine"), *HOSTILE_TAR[rule]])
    refused(path, rule, tmp_path)


def refused(path, rule, tmp_path, **options):
    place = tmp_path / "place"
    place.mkdir(exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Invalid) as error:
        archives.unpack(path, place, **options)
    assert rule in {problem.rule for problem in error.value.problems}
    assert sorted(tmp_path.rglob("*")) == before
    return error.value.problems


def symlink_entry():
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


HOSTILE_ZIP = {
    "path-escape": [("a/../../out.txt", b"x")],
    "absolute-path": [("/out.txt", b"x")],
    "link": [(symlink_entry(), b"/etc/passwd")],
    "duplicate-path": [("a", b"x"), ("a/b", b"y")],
}


@pytest.mark.parametrize("rule", HOSTILE_ZIP)
def test_a_hostile_zip_is_refused_whole(tmp_path, rule):
    refused(zipped(tmp_path / "bad.zip", [("fine.txt", b"x"), *HOSTILE_ZIP[rule]]), rule, tmp_path)


def test_every_problem_is_listed(tmp_path):
    entries = [("../a", b""), ("/b", b""), ("c\\d", b"")]
    problems = refused(zipped(tmp_path / "bad.zip", entries), "path-escape", tmp_path)
    assert {each.rule for each in problems} == {"path-escape", "absolute-path", "bad-name"}


def test_bombs_are_refused_by_size_number_and_by_what_they_hold(tmp_path):
    zeros = zipped(tmp_path / "z.zip", [("z", bytes(10**7))], compression=zipfile.ZIP_DEFLATED)
    refused(zeros, "too-large", tmp_path, largest=10**6)
    many = zipped(tmp_path / "m.zip", [(str(number), b"") for number in range(50)])
    refused(many, "too-many-files", tmp_path, most_files=49)
    lying = bytearray(zeros.read_bytes())
    at = lying.rindex(b"PK\x01\x02")  # the table of contents says 10 bytes
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")
    (tmp_path / "l.zip").write_bytes(lying)
    with pytest.raises(Invalid):
        archives.unpack(tmp_path / "l.zip", tmp_path / "place", largest=10**6)
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_truncated_and_damaged_archives_are_refused(tmp_path, kind):
    path = tmp_path / f"cut.{kind}"
    entries = [("big.bin", os.urandom(100_000)), ("small.txt", b"x")]
    zipped(path, entries) if kind == "zip" else tarred(path, entries)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"not an archive", whole[:30]):
        path.write_bytes(broken)
        refused(path, "bad-archive", tmp_path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    path.write_bytes(flipped)
    refused(path, "bad-archive", tmp_path)


# A dataset's files ------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_get_fetches_unpacks_and_does_nothing_twice(server, place, tmp_path):
    server.files["d.zip"] = zipped(tmp_path / "d.zip", GOOD).read_bytes()
    wanted = [Archive(server.address(name), name) for name in ("d.zip", "data.bin")]
    source = Folder("files", archives=tuple(wanted))
    steps = []

    def progress(name):
        steps.append(name)
        return lambda done, total: None

    assert download.get("mine", source, progress=progress) == place
    assert (place / "a/one.txt").read_bytes() == b"one"
    assert (place / "data.bin").read_bytes() == CONTENT
    assert steps == ["d.zip", "unpacking d.zip", "data.bin"]
    (place / "d.zip").unlink()
    asked = len(server.asked)
    download.get("mine", source)
    assert len(server.asked) == asked


def test_get_of_an_address(server, place):
    source = Url(server.address("data.bin"), DIGEST, "mine.bin")
    download.get("mine", source)
    assert (place / "mine.bin").read_bytes() == CONTENT


def test_get_says_when_there_is_nothing_to_get(place):
    with pytest.raises(DataperfError, match="comes with the installation"):
        download.get("mine", Generated())
    with pytest.raises(Unavailable, match="--data-dir"):
        download.get("mine", Folder("some files"))


PLUGIN = '''"""Some official data."""
from dataperf.records import Archive, Card, Folder, Table
card = Card("t", "d", "l", "s", "a")
source = Folder("data", archives=(Archive("{address}", "d.zip"),))
def table(path):
    raise NotImplementedError
'''


def test_the_command_killed_half_way_goes_on(server, tmp_path):
    content = zipped(tmp_path / "d.zip", [("big.bin", os.urandom(3_000_000))]).read_bytes()
    server.files["d.zip"], server.pause = content, 0.02
    (tmp_path / "own/datasets").mkdir(parents=True)
    code = PLUGIN.replace("{address}", server.address("d.zip"))
    (tmp_path / "own/datasets/official_data.py").write_text(code)
    command = [sys.executable, "-m", "dataperf", "data", "get", "official-data"]
    command += ["--plugins", str(tmp_path / "own"), "--data-dir", str(tmp_path / "data")]
    part = tmp_path / "data/d.zip.part"
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (part.is_file() and part.stat().st_size > 1_000_000):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    kept = part.stat().st_size
    assert 0 < kept < len(content)
    server.pause = 0.0
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert server.asked == [None, f"bytes={kept}-"]
    assert (tmp_path / "data/big.bin").stat().st_size == 3_000_000
    assert not part.exists()


def test_the_command_refuses_a_hostile_archive_and_a_changed_file(server, tmp_path):
    server.files["d.zip"] = zipped(tmp_path / "d.zip", [("../evil.txt", b"x")]).read_bytes()
    (tmp_path / "own/datasets").mkdir(parents=True)
    code = PLUGIN.replace("{address}", server.address("d.zip"))
    (tmp_path / "own/datasets/official_data.py").write_text(code)
    command = [sys.executable, "-m", "dataperf", "data", "get", "official-data"]
    command += ["--plugins", str(tmp_path / "own"), "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "leads outside the folder [path-escape]" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []  # refused: neither kept nor recorded
    assert not (tmp_path / "evil.txt").exists()
    server.files["d.zip"] = zipped(tmp_path / "d.zip", GOOD).read_bytes()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "promises no digest" in done.stderr
    (tmp_path / "data/d.zip").write_bytes(server.files["d.zip"] + b"more")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "data get NAME --again" in done.stderr
    (tmp_path / "data/UNPACKED.json").unlink()
    (tmp_path / "data/d.zip").unlink()
    server.files["d.zip"] = zipped(tmp_path / "d.zip", GOOD[:2]).read_bytes()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "SHA256SUMS" in done.stderr
