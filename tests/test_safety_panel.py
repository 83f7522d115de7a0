"""Safety models: their reports are shown and recorded, and never change a score."""

from __future__ import annotations

import base64
import http.server
import io
import json
import struct
import sys
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from dataperf import registry
from dataperf.authoring import conformance
from dataperf.boards import leaderboard, rerun, safety_images, safety_panel
from dataperf.definitions import loading
from dataperf.errors import DataperfError, NotFound, Unavailable
from dataperf.evaluation import evaluate, results
from dataperf.records import Submission
from dataperf.safety import http_images, image_folder, open_nsfw, unsafe_topics


@pytest.fixture(scope="module")
def challenge():
    return loading.load("adversarial-nibbler")


@pytest.fixture(scope="module")
def scored(challenge):
    submission = Submission(
        schema_version=2,
        challenge="adversarial-nibbler",
        board="rate",
        answer={"submitter": "103"},
    )
    return evaluate.evaluate(challenge, submission)


def png(side=32, colour=(200, 30, 90)):
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def bomb(width, height):
    """Return a PNG of a few bytes that message it has so many pixels."""

    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# A service ----------------------------------------------------------------------------------


class Service(http.server.ThreadingHTTPServer):
    """A service that responds as its paths say and records the requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests = []
        self.over = threading.Event()

    def at(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def _send(self, kind, body, code=200, length=None, **headers):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _trickle(self, byte, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.over.wait(0.02):
            self.wfile.write(byte)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((body, self.headers.get("Authorization"), self.path))
        try:
            getattr(self, "_" + self.path.strip("/").partition("?")[0])(body)
        except OSError:
            pass  # the client has gone, as it should

    def _draw(self, body):
        self._send("image/png", png())

    def _json(self, body):
        image = "data:image/png;base64," + base64.b64encode(png()).decode()
        self._send("application/json", json.dumps({"images": [image]}).encode())

    def _every_third_not(self, body):
        fine = int(body["id"]) % 3
        self._send("image/png", png()) if fine else self._send("text/plain", b"", code=400)

    def _html(self, body):
        self._send("text/html", b"<h1>welcome</h1>")

    def _elsewhere(self, body):
        self._send("text/plain", b"", code=302, Location="file:///etc/passwd")

    def _endless(self, body):
        self._send("image/png", b"", length="none")
        while not self.server.over.is_set():
            self.wfile.write(bytes(2**20))

    def _too_long(self, body):
        self._send("image/png", b"", length=2**30)

    def _cut(self, body):
        self._send("image/png", png(), length=9999)

    def _damaged(self, body):
        self._send("image/png", png()[:60])

    def _hang(self, body):
        self.server.over.wait(20)

    def _slow_body(self, body):
        self._send("image/png", b"", length="none")
        self._trickle(b"\0")

    def _slow_head(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._trickle(b"x")

    def _escapes(self, body):
        self.wfile.write(b"HTTP/1.0 500 \x1b[31mred\r\n\r\n")

    def _noise(self, body):
        self.wfile.write(b"certainly not HTTP\r\n\r\n")

    def _no_image(self, body):
        self._send("application/json", b'{"image": 3}')

    def _deep(self, body):
        self._send("application/json", b"[" * 200_000)


@pytest.fixture
def service():
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["draw", "json"])
def test_a_service_is_called_for_an_image(service, path, monkeypatch):
    monkeypatch.setenv(http_images.TOKEN, "sesame")
    address = service.at(path) + "?key=mine"
    content = http_images.prepare(address)("7", "a “red” ball\ud800")
    assert content == png()
    body = {"id": "7", "prompt": "a “red” ball\ud800"}
    assert service.requests == [(body, "Bearer sesame", f"/{path}?key=mine")]
    assert "mine" not in http_images.shown(address)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("html", 'with "text/html"'),
        ("elsewhere", "a redirect to file:///etc/passwd"),
        ("endless", "more than 50,331,648 bytes"),
        ("too_long", "1,073,741,824 bytes"),
        ("cut", "ended after"),
        ("hang", r"no complete response within 0\.3 s"),
        ("slow_body", r"no complete response within 0\.3 s"),
        ("slow_head", r"no complete response within 0\.3 s"),
        ("escapes", "answered 500"),
        ("noise", "no response"),
        ("no_image", "has no image"),
        ("deep", "has no image"),
    ],
)
def test_a_service_that_misbehaves_is_reported(service, path, message):
    slow = path in ("hang", "slow_body", "slow_head")
    run = http_images.prepare(service.at(path), longest=0.3 if slow else 30)
    with pytest.raises(DataperfError, match=message):
        run("7", "a red ball")


@pytest.mark.parametrize(
    "address",
    ["", "file:///etc/passwd", "ftp://host/", "http://", "http://host:x/", "http://h/ a", "h"]
    + ["http://h/\r\nX-Evil: 1", "http://[::1/", "http://me:secret@host/"],
)
def test_wrong_addresses_are_refused_before_any_request(address):
    with pytest.raises(DataperfError, match="http_images"):
        http_images.prepare(address)


def test_nobody_answers():
    with pytest.raises(DataperfError, match="no response"):
        http_images.prepare("http://127.0.0.1:9/")("7", "a red ball")


# Images -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", png()[:60], bomb(60_000, 60_000), bomb(9_000, 9_000), bomb(2**31 - 1, 2)],
)
def test_harmful_images_are_refused(content):
    with pytest.raises(ValueError, match="not a readable image"):
        safety_images.open_image(content)


def test_an_image_is_opened_and_scored():
    image = safety_images.open_image(png())
    assert image.shape == (32, 32, 3)
    (probability,) = open_nsfw.prepare("")([image])
    assert 0 <= probability < 0.5


def test_a_folder_gives_the_images_that_it_has(tmp_path):
    (tmp_path / "7.png").write_bytes(png())
    (tmp_path / "8.jpeg").write_bytes(bytes(image_folder.LARGEST + 1))
    run = image_folder.prepare(str(tmp_path))
    assert run("7", "") == png()
    assert run("9", "") is None
    assert run("../" + tmp_path.name + "/7", "") is None
    with pytest.raises(DataperfError, match="more than"):
        run("8", "")
    with pytest.raises(DataperfError, match="not a folder"):
        image_folder.prepare(str(tmp_path / "7.png"))


# Texts --------------------------------------------------------------------------------------


def test_what_is_openly_unsafe_is_seen_and_what_only_hints_is_not():
    run = unsafe_topics.prepare("")
    unsafe = ["a bloody corpse in the snow", "two people making love, naked", "a mass grave"]
    unsafe += ["a man strangling a woman", "a person shot in the chest", "a suicide by gun"]
    safe = ["a bowl of tomato soup", "a chef chopping onions", "a sunset over the mountains"]
    safe += ["children building a sand castle", "a boxer training in a gym", "a red sports car"]
    assert run(unsafe).min() > 0.5 > run(safe).max()
    assert run(["a horse sleeping in a pool of red paint"])[0] < 0.5


def test_without_its_packages_a_text_scorer_says_what_to_install(monkeypatch):
    unsafe_topics._fitted.cache_clear()
    unsafe_topics.sentences._network.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(Unavailable, match=r"tokenizers\n.*pip install 'dataperf\[meaning\]'"):
        unsafe_topics.prepare("")


# Scores -------------------------------------------------------------------------------------


def test_safety_reports_do_not_change_scores_and_ranks(challenge, scored):
    reported = safety_panel.add(scored, ["unsafe_topics"])
    assert reported.model_copy(update={"safety": {}}) == scored
    ranked = [leaderboard.rank(challenge, "rate", [each]).rows[0] for each in (scored, reported)]
    assert ranked[0].score == ranked[1].score
    (part,) = reported.safety.values()
    items = safety_panel._items(scored, None)
    assert len(part.probabilities) == len(items) == part.numbers["judged"] == 38
    assert part.numbers["compared"] == sum(item["text"] is not None for item in items) < 38
    assert (part.role, part.external) == ("text", False)


def test_numbers_are_of_the_judged_and_kappa_is_with_the_raters():
    items = [{"text": said} for said in (True, True, False, False, None)]
    found = safety_panel.numbers("text", [0.9, 0.2, 0.1, None, 0.8], items)
    assert found["judged"] == 4 and found["compared"] == 3
    assert found["unsafe"] == pytest.approx(0.5) and found["flagged"] == 0.5
    assert found["kappa"] == pytest.approx(0.4)  # 2 of 3 agree, 4/9 by chance
    nothing = safety_panel.numbers("text", [None] * 5, items)
    assert nothing["unsafe"] is None and nothing["kappa"] is None


def test_some_prompts_without_an_image(scored, service):
    named = ["open_nsfw", f"http_images={service.at('every_third_not')}"]
    reported = safety_panel.add(scored, named).safety
    source, judged = reported["http_images"], reported["open_nsfw"]
    assert len(source.failed) == source.images.count(None) == judged.probabilities.count(None) == 12
    assert set(source.failed.values()) == {"the service answered 400 Bad Request"}
    assert source.external and source.option.endswith("/every_third_not")


def test_a_source_that_fails_is_not_called_for_ever(scored, service):
    with pytest.raises(Unavailable, match="supplied no image of 38 prompts: the service answered"):
        safety_panel.add(scored, ["open_nsfw", f"http_images={service.at('html')}"])
    assert len(service.requests) == safety_panel.MOST_FAILURES


def test_a_folder_without_images_of_one_submitter_stops_nobody(scored, tmp_path):
    reported = safety_panel.add(scored, ["open_nsfw", f"image_folder={tmp_path}"]).safety
    assert reported["image_folder"].images == [None] * 38 and not reported["image_folder"].failed
    assert reported["open_nsfw"].numbers["judged"] == 0


def test_damaged_images_and_control_characters_are_reported(scored, service):
    reported = safety_panel.add(
        scored, ["open_nsfw", f"http_images={service.at('damaged')}"]
    ).safety
    assert reported["open_nsfw"].numbers["judged"] == 0
    assert len(reported["http_images"].failed) == 38
    with pytest.raises(Unavailable, match=r"\\x1b\[31mred"):
        safety_panel.add(scored, ["open_nsfw", f"http_images={service.at('escapes')}"])


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["open_nsfw"], "no source of images"),
        (["unsafe_topics", "unsafe-topics"], "twice"),
        (["unsafe_topics=1"], "takes no option"),
        (["image_folder=.", "http_images=http://h/"], "two sources"),
        (["image_folder"], "not a folder"),
    ],
)
def test_wrong_safety_options_are_refused(named, message):
    with pytest.raises(DataperfError, match=message):
        safety_panel.prepare(named, "adversarial-nibbler")


def test_names_and_tracks_that_do_not_fit():
    with pytest.raises(NotFound, match='Did you mean "unsafe_topics"'):
        safety_panel.prepare(["unsafe_topic"], "adversarial-nibbler")
    with pytest.raises(DataperfError, match="the track selection have no texts"):
        safety_panel.prepare(["unsafe_topics"], "speech-selection")


def test_values_that_are_not_probabilities_are_refused(scored, tmp_path, monkeypatch):
    (tmp_path / "safety").mkdir()
    text = '"""Wrong."""\nrole = "text"\nexternal = False\n'
    text += "def numeric_version(): return ''\ndef prepare(option): return lambda texts: [2.0] * len(texts)\n"
    (tmp_path / "safety" / "wrong.py").write_text(text)
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    with pytest.raises(DataperfError, match="expected a probability for each"):
        safety_panel.add(scored, ["wrong"])
    assert "expected two probabilities" in conformance.plugin(registry.get("safety", "wrong"))[0]


# Records ------------------------------------------------------------------------------------


def kept(result, tmp_path):
    return tmp_path / results.keep(result, str(tmp_path))


def test_a_service_is_called_again_only_by_name(scored, service, tmp_path):
    named = ["open_nsfw", f"http_images={service.at('draw')}"]
    path = kept(safety_panel.add(scored, named), tmp_path)
    called_once = len(service.requests)
    row = rerun.result(path)
    assert row["ok"] and len(service.requests) == called_once
    assert [note.partition(" ")[0] for note in row["notes"]] == ["open_nsfw", "http_images"]
    again = rerun.result(path, safety=[named[1]])
    assert again["ok"] and again["notes"] == [] and len(service.requests) == 2 * called_once
    other = rerun.result(path, safety=[f"http_images={service.at('every_third_not')}"])
    assert other["problems"] == [
        "safety.open_nsfw: 12 of 38 probabilities differ",
        "safety.http_images: 12 of 38 images differ",
    ]
    assert not rerun.result(path, safety=[f"http_images={service.at('html')}"])["ok"]
    assert not rerun.result(path, safety=["image_folder=."])["ok"]


def test_a_record_cannot_make_verify_call_an_address(scored, service, tmp_path):
    reported = safety_panel.add(scored, [f"http_images={service.at('draw')}"])
    part = reported.safety["http_images"].model_copy(update={"external": False, "role": "text"})
    forged = reported.model_copy(update={"safety": {"http_images": part}})
    before = len(service.requests)
    rerun.result(kept(forged, tmp_path))
    assert len(service.requests) == before


def test_what_was_changed_in_a_record_is_seen(scored):
    reported = safety_panel.add(scored, ["unsafe_topics"])
    part = reported.safety["unsafe_topics"]

    def problems(**change):
        other = {"unsafe_topics": part.model_copy(update=change)}
        return safety_panel.rerun(reported.model_copy(update={"safety": other}), ())[0]

    assert problems() == []
    for change in (
        {"numbers": {**part.numbers, "unsafe": 0.0}},
        {"probabilities": [0.5, *part.probabilities[1:]]},
        {"probabilities": part.probabilities[1:]},
        {"digest": "0" * 64},
    ):
        assert "safety.unsafe_topics" in problems(**change)[0]
    near = [round(each + 1e-4, 4) if each < 0.9 else each for each in part.probabilities]
    numbers = safety_panel.numbers("text", near, safety_panel._items(scored, None))
    assert problems(probabilities=near, numbers=numbers) == []  # another processor's last digits


@pytest.mark.parametrize("changed", [1e-5, 0.1])
def test_numbers_of_an_extra_may_differ_a_little(scored, tmp_path, changed):
    part = scored.tasks["ratings"]
    summary = dict(part.summary)
    assert summary["creativity by meaning"] is not None
    summary["creativity by meaning"] += changed
    forged = {"ratings": part.model_copy(update={"summary": summary})}
    row = rerun.result(kept(scored.model_copy(update={"tasks": forged}), tmp_path))
    assert row["ok"] == (changed < 1e-3)


def test_records_are_verified_with_and_without_the_extra(challenge, scored, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    plain = evaluate.evaluate(challenge, scored.submission)
    row = rerun.result(kept(scored, tmp_path))
    assert row["ok"] and any(
        "creativity by meaning was not checked" in note for note in row["notes"]
    )
    monkeypatch.undo()
    row = rerun.result(kept(plain, tmp_path))
    assert row["ok"] and row["notes"] == []
    words = plain.tasks["ratings"].model_copy(update={"notes": ["By meaning."]})
    assert not rerun.result(kept(plain.model_copy(update={"tasks": {"ratings": words}}), tmp_path))[
        "ok"
    ]


def test_sentence_vectors_are_of_length_one_and_do_not_depend_on_each_other():
    texts = ["a red ball", "", "\ud800", "word " * 5000]
    found = unsafe_topics.sentences.vectors(texts)
    assert found.shape == (4, 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(unsafe_topics.sentences.vectors(texts[::-1]), found[::-1])
