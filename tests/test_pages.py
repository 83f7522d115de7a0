"""An audit shows itself: one safe page, a notebook's cell, a terminal, figures."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import audit_pages as made
import numpy as np
import pandas as pd
import pytest
from audit_pages import HOSTILE
from jinja2 import UndefinedError
from rich.console import Console

from dataperf.curation import markup, notebook, page, plots, samples, sections, terminal
from dataperf.errors import DataperfError
from dataperf.records.rows import Rows

PLOTS = ("map", "balance", "label_errors", "noise", "slices", "values")


class Seen(HTMLParser):
    """Counts elements, keeps attributes, finds out whether elements are closed."""

    VOID = ("meta", "img", "br", "link", "input", "rect", "line", "path")

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def texts():
    return made.texts(120)


@pytest.fixture(scope="module")
def images():
    return made.images(260)


@pytest.fixture(scope="module")
def drawn(images):
    return page.page(images)


def points(drawn: str):
    return json.loads(re.search(r'id="points">(.*?)</script>', drawn, re.S)[1])


def test_page_is_well_formed_and_shows_every_finding(texts):
    seen = Seen(page.page(texts, title="Films"))
    assert seen.open == []
    ids = {attributes.get("id") for _, attributes in seen.tags}
    for found in texts.findings:
        assert found.kind in ids
        assert found.sentence in seen.text()
    assert {"map", "values", "next", "about"} <= ids
    assert len(texts.findings) == 9
    assert "6 of 9 checks found something that matters." in seen.text()


def test_page_asks_nothing_of_a_network(drawn):
    seen = Seen(drawn)
    for tag, attributes in seen.tags:
        for name in ("src", "srcset", "data", "poster", "action", "background", "xlink:href"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, name)
        assert attributes.get("href", "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert not {"link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in seen.tags}
    assert not re.search(r"https?://|@import|url\(", drawn)
    policy = next(
        each["content"] for each in seen.all("meta") if "Content-Security" in str(each.values())
    )
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy and "script-src 'unsafe" not in policy


def test_policy_allows_the_one_script(drawn):
    import base64
    import hashlib

    scripts = re.findall(r"<script>(.*?)</script>", drawn, re.S)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in drawn


def hostile() -> made.Audit:
    """Return an audit whose every word from data is hostile."""
    audit = made.texts(60)
    rows = audit.rows
    bad = np.array([f"{HOSTILE}{row}" for row in range(len(rows))], dtype=object)
    names = {f"{HOSTILE}a": "text", f"{HOSTILE}b": "numeric", f"{HOSTILE}c": "categorical"}
    frame = pd.DataFrame(dict(zip(names, (bad, np.arange(len(rows)), bad))))
    rows = replace(
        rows,
        **{"name": HOSTILE, "label": HOSTILE, "source": HOSTILE, "frame": frame, "kinds": names},
        classes=(HOSTILE, f"{HOSTILE}2"),
        ids=bad.astype(str),
        split=bad.astype(str),
        skipped=((HOSTILE, HOSTILE),),
    )
    found = made.audited(rows, skipped={"annotators": HOSTILE}, seconds={HOSTILE: 1.0})
    slices = next(each for each in found.findings if each.kind == "slices")
    slices.table["condition"] = HOSTILE
    return replace(
        found,
        findings=tuple(replace(each, title=HOSTILE, sentence=HOSTILE) for each in found.findings),
    )


def test_hostile_words_are_only_words():
    audit = hostile()
    for drawn in (page.page(audit, title=HOSTILE), notebook.html(audit)):
        seen = Seen(drawn)
        assert seen.open == []
        assert "<img src=x" not in drawn
        assert not [each for _, each in seen.tags if "onerror" in each]
        assert all(each.get("src", "data:").startswith("data:") for each in seen.all("img"))
        assert len(seen.all("script")) == (3 if "<main" in drawn else 0)
        assert HOSTILE in seen.text()
    text = page.page(audit)
    assert any(HOSTILE in str(each[6]) for each in points(text)["points"])
    columns = page.page(audit_without_text(audit))
    assert Seen(columns).open == [] and "<img src=x" not in columns


def audit_without_text(audit: made.Audit) -> made.Audit:
    kinds = {name: "categorical" for name in audit.rows.kinds}
    kinds[f"{HOSTILE}b"] = "numeric"
    return replace(audit, rows=replace(audit.rows, kinds=kinds))


def test_no_template_turns_escaping_off():
    for path in (markup.FOLDER / "templates").iterdir():
        assert not re.search(r"\|\s*safe\b|autoescape", path.read_text(encoding="utf-8")), path
    assert markup.render("about.html", content={"lines": ["<b>"], "tables": []}).count("&lt;b&gt;")
    with pytest.raises(UndefinedError):  # a name that a template misses is no silent gap
        markup.render("about.html", content={"lines": []})


def test_commands_are_quoted_for_a_shell():
    audit = made.numbers(60)
    audit = replace(audit, rows=replace(audit.rows, source="my wines; rm.csv", label="the grape"))
    write, prove = page.commands(audit)
    assert write == (
        "dataperf audit 'my wines; rm.csv' --label 'the grape' --submission repair.json",
    )
    assert prove[0].endswith("--label 'the grape' --model logistic_v1 repair.json")
    for source, track in (("speech-selection/en-25", "selection"), ("gone/x", "TRACK")):
        pool = replace(audit, rows=replace(audit.rows, source=f"challenge:{source}"))
        line = f"dataperf audit challenge:{source} --track {track} --submission {track}.json"
        assert page.commands(pool) == ((line,), (f"dataperf evaluate {track}.json",))
    own = replace(audit, rows=replace(audit.rows, source=""))
    assert page.commands(own)[0] == ('audit.to_submission(path="repair.json")',)
    assert "to_submission" in Seen(page.page(own)).text()


def test_samples_stand_beside_their_neighbours(images, drawn):
    seen = Seen(drawn)
    suspects = samples.suspect_rows(images)
    cards = [each for each in seen.all("article") if each.get("id", "").startswith("row-")]
    assert [each["id"] for each in cards] == [f"row-{row}" for row in suspects.rows[:60]]
    assert [int(each["data-given"]) for each in cards] == suspects.given[:60].tolist()
    assert len(re.findall(r'<ol class="near image"', drawn)) == len(cards)
    assert "nearest rows" in seen.text()


def test_most_bounds_the_samples_and_the_page_says_so(images):
    drawn = page.page(images, most=3)
    assert drawn.count('id="row-') == 3
    assert "3 of" in Seen(drawn).text() and "flagged rows are shown as samples" in drawn
    assert page.page(images, most=0).count('id="row-') == 0


class Large:
    """Images of noise, which no compression makes small, and long loud sounds."""

    def __init__(self, kind: str):
        self.kind = kind

    def image(self, row):
        return np.random.default_rng(row).integers(0, 256, (300, 300, 3)).astype(np.uint8)

    def sound(self, row):
        loud = np.random.default_rng(row).uniform(-1, 1, 30 * 48_000).astype(np.float32)
        return (loud, 48_000) if self.kind == "audio" else None


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_page_stays_small(monkeypatch, kind):
    audit = made.numbers(60)
    rows = replace(audit.rows, media=Large(kind))
    monkeypatch.setattr(page, "LIMIT", 400_000)
    drawn = page.page(replace(audit, rows=rows))
    assert len(drawn.encode()) < 400_000
    assert 'class="shot' in drawn
    if kind == "audio":
        assert "<audio" not in drawn and "Sounds are left out" in drawn


def test_long_words_and_many_classes_are_cut():
    count, random = 540, np.random.default_rng(0)
    features = np.repeat(random.normal(size=(45, 4)), 12, axis=0)
    names = [f"class {row // 12} " + "x" * 5_000 for row in range(count)]
    frame = pd.DataFrame({"text": ["word " * 20_000] * count})
    rows = made.rows_of(features, names, frame=frame, kinds={"text": "text"})
    drawn = page.page(made.audited(made.noisy(rows, 0.1)))
    assert len(drawn.encode()) < 2_000_000
    assert "Only the largest and the smallest of 45 classes are shown." in drawn
    assert "most confused classes of 45" in drawn
    assert points(drawn)["names"][-1] == "other"


def test_sounds_can_be_played(texts):
    audit = made.sounds(200)
    drawn = page.page(audit)
    assert drawn.count('class="play"') >= samples.suspect_rows(audit).flagged > 0
    assert "data:audio/wav;base64," in drawn
    import wave

    content = samples.wav(np.zeros((96_000 * 5, 2), dtype=np.float32), 96_000)
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        assert file.getnframes() / 16_000 == samples.SECONDS


class Gone:
    kind = "image"

    def image(self, row):
        raise OSError("the file went away")

    def sound(self, row):
        return None


def test_media_that_went_away_leaves_the_page(texts):
    audit = replace(texts, rows=replace(texts.rows, media=Gone()))
    assert "file cannot be read" in page.page(audit)
    assert notebook.html(audit)


def test_nothing_found_is_a_page_too():
    rows = made.rows_of(np.random.default_rng(0).normal(size=(40, 3)), ["a", "b"] * 20)
    near = made.neighbours_of(rows)
    audit = made.Audit(rows, (), near, made.votes(rows, near), {"drift": "no splits"})
    seen = Seen(page.page(audit))
    assert "The data needs no repair" in seen.text() and "no splits" in seen.text()
    assert "40" in seen.text()
    quiet = [
        replace(each, table=each.table.head(0), tables={}, numbers={}, severity="none")
        for each in made.texts(30).findings
    ]
    seen = Seen(page.page(replace(audit, findings=tuple(quiet))))
    assert "None of 9 checks found anything that matters." in seen.text()


@pytest.mark.parametrize("count", [2, 3, 5])
def test_tiny_data(count):
    features = np.zeros((count, 1)) if count == 2 else np.arange(count)[:, None]
    rows = made.rows_of(features, ["a", "b", "a", "b", "a"][:count])
    rows = replace(rows, labels=np.where(np.arange(count) == 1, -1, rows.labels))
    near = made.neighbours_of(rows)
    audit = made.Audit(rows, (), near, made.votes(rows, near))
    audit = replace(audit, findings=(made.label_errors(rows, audit.probabilities),))
    assert Seen(page.page(audit)).open == []
    assert notebook.html(audit)
    plots.plot_map(audit)
    plots.plot_balance(audit)


def test_map_keeps_flagged_rows_and_marks_them(images, drawn):
    told, suspects = points(drawn), samples.suspect_rows(images)
    flagged = {each[3] for each in told["points"] if each[5] > -2}
    assert flagged == set(suspects.rows.tolist())
    assert len(told["points"]) == len(images.rows)
    assert {each[8] for each in told["points"]} == set(range(len(images.rows)))
    suggested = dict(zip(suspects.rows.tolist(), suspects.suggested.tolist()))
    assert all(each[5] == suggested.get(each[3], -2) for each in told["points"])


def test_interval_of_wrong_labels_is_shown_in_per_cent():
    audit = made.texts(120)
    found = samples.finding(audit, "label_errors")
    flagged = found.numbers["flagged"]
    part = sections.label_errors(scene_of(audit))
    words = [f"{each.value} {each.words}" for each in part.content["figures"]]
    assert f"{flagged} labels flagged" in words
    low, high = (found.numbers[end] for end in ("low", "high"))
    assert f"{int(low)} to {int(-(-high // 1))} of them expected to be wrong" in words
    assert "84 % to 95 % estimated precision" in words


def scene_of(audit):
    from dataperf.curation.cards import Scene

    return Scene(audit, samples.suspect_rows(audit), samples.Usual(audit.rows), 5, 10, True)


def test_notebook_cell_needs_no_script(images):
    drawn = notebook.html(images)
    seen = Seen(drawn)
    assert seen.open == [] and not seen.all("script") and not seen.all("style")
    assert len(seen.all("img")) == min(notebook.SAMPLES, samples.suspect_rows(images).flagged) > 0
    assert all(found.sentence in seen.text() for found in images.findings)
    assert len(drawn) < 60_000


def told(audit) -> str:
    file = io.StringIO()
    Console(file=file, width=110, highlight=False).print(terminal.text(audit))
    return file.getvalue()


def test_terminal_shows_findings_and_their_first_rows(texts):
    text = told(texts)
    for found in texts.findings:
        assert found.title in text
        assert (found.title.upper() in text) == (found.severity != "none" and len(found.table) > 0)
    suspects = samples.suspect_rows(texts)
    assert f"the first 5 of {suspects.flagged:,}" in text
    hostile = replace(texts.rows, name="a\x1b[31mred", classes=("[bold]x[/]", "\x1b]0;y\x07"))
    text = told(made.audited(hostile))
    assert "\x1b" not in text and "[bold]x[/]" in text


@pytest.mark.parametrize("name", PLOTS)
def test_figures_draw_themselves_without_pyplot(images, texts, name):
    for audit in (images, texts):
        drawn = getattr(plots, f"plot_{name}")(audit)
        assert drawn.axes
        assert drawn._repr_png_().startswith(b"\x89PNG")


def test_figures_say_what_they_lack(images):
    without = replace(images, findings=(), skipped={"slices": "no columns"}, values=None)
    for name in ("label_errors", "noise", "slices", "values"):
        with pytest.raises(DataperfError, match="nothing to draw"):
            getattr(plots, f"plot_{name}")(without)
    with pytest.raises(DataperfError, match="no columns"):
        plots.plot_slices(without)


def test_figures_take_dollars_and_long_names_as_they_are():
    rows = made.rows_of(np.random.default_rng(0).normal(size=(60, 3)), ["$a_{", "b$" * 80] * 30)
    audit = made.audited(made.noisy(rows, 0.1))
    for name in PLOTS:
        assert getattr(plots, f"plot_{name}")(audit)._repr_png_()


def test_rows_stay_as_they_were(images):
    before = images.rows.labels.copy(), images.rows.frame.copy()
    page.page(images, most=2)
    assert isinstance(images.rows, Rows)
    assert np.array_equal(before[0], images.rows.labels) and before[1].equals(images.rows.frame)


def long_names() -> made.Audit:
    """Return an audit whose ids and classes are long names of one word."""
    rows = made.noisy(made.numbers(120).rows, 0.1)
    classes = tuple(f"{name}_of_the_breast_unspecified" for name in ("a", "b", "c"))
    ids = np.array([f"patient-{row:04}-examination-of-the-left-side" for row in range(len(rows))])
    return made.audited(replace(rows, classes=classes, ids=ids, truth=None))


@pytest.mark.parametrize("width", [60, 80, 110])
def test_no_name_breaks_inside_a_word_on_a_terminal(width):
    audit = long_names()
    word = "column_with_a_name_of_more_than_forty_characters"
    first = replace(audit.findings[0], sentence=f"It is {word} that leaks.")
    audit = replace(audit, findings=(first, *audit.findings[1:]))
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(terminal.text(audit))
    text = file.getvalue()
    assert word in text and max(map(len, text.splitlines())) <= width
    suspects = samples.suspect_rows(audit)
    for row in suspects.rows[:5]:
        assert str(audit.rows.ids[row]) in text


def test_counts_of_one_are_singular():
    audit = made.numbers(60)
    found = samples.finding(audit, "label_errors")
    one = replace(found, numbers={**found.numbers, "flagged": 1}, table=found.table.head(1))
    seen = Seen(page.page(replace(audit, findings=(one,)))).text()
    assert "1 label flagged" in seen and "1 labels" not in seen
    rows = replace(audit.rows, features=audit.rows.features[:, :1])
    assert ", 1 feature, " in told(replace(audit, rows=rows))


def test_years_have_no_separator_and_large_values_have():
    assert [samples.short(each) for each in (1999.0, -2020.0, 12345.0, 1234.5)] == [
        *("1999", "-2020", "12,345", "1234"),
    ]


def test_a_unique_name_does_not_hide_the_values():
    audit = made.numbers(120)
    frame = audit.rows.frame.assign(name=[f"Wine{row}x" for row in range(len(audit.rows))])
    rows = replace(audit.rows, frame=frame, kinds={**audit.rows.kinds, "name": "text"})
    assert samples.Usual(rows).text_column is None
    drawn = page.page(replace(audit, rows=rows))
    cards = re.findall(r'<article class="card.*?</article>', drawn, re.S)
    assert len(cards) > 20
    assert all('<table class="odd">' in each for each in cards)
    assert all(re.search(r"\w+ [\d.]+; \w+ [\d.]+", each[9]) for each in points(drawn)["points"])


def test_the_section_of_columns_says_how_each_was_read():
    audit = made.numbers(120)
    values = [None if row % 4 else "x" for row in range(len(audit.rows))]
    frame = audit.rows.frame.assign(odd=values, when=pd.Timestamp("2020-01-01"))
    frame["when"] += pd.to_timedelta(np.arange(len(frame)), unit="D")
    kinds = {**audit.rows.kinds, "odd": "categorical", "when": "datetime"}
    rows = replace(audit.rows, frame=frame, kinds=kinds, roles={"group": "odd"})
    text = Seen(page.page(replace(audit, rows=rows))).text()
    assert re.search(r"odd categories groups 75 % 1 x 25 %", text)
    assert re.search(r"when dates not used 0 % \d+ 2020-01-01 2020-0\d-\d\d", text)
