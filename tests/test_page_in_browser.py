"""The audit's page in a real browser: filters, decisions, the saved submission, no request."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import audit_pages as made
import numpy as np
import pandas as pd
import pytest

import dataperf
from dataperf.curation import page as pages
from dataperf.curation import samples
from dataperf.errors import DataperfError

ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Kinds of rows, and how many of them: more than twelve are flagged.
KINDS = {"numbers": 170, "texts": 200, "images": 420, "sounds": 400}


def _missing(why: str) -> None:
    """Skip where there is no browser; on the machine that tests every change that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _missing("playwright is not installed: pip install 'dataperf[dev]'")
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    with sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=place, args=ARGS)
        except Error as error:
            _missing(f"no browser can be started: {str(error)[:200]}")
        yield started
        started.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens a file; at the end nothing was requested and nothing failed."""
    wrong: list[str] = []
    context = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 900})

    def open_file(path):
        tab = context.new_page()
        tab.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda sent: wrong.append(sent.url) if _is_outside(sent.url) else None)
        tab.goto(path.as_uri())
        return tab

    yield open_file
    context.close()
    assert wrong == []


def _is_outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))


@pytest.fixture(scope="module")
def audits():
    return {kind: getattr(made, kind)(rows) for kind, rows in KINDS.items()}


@pytest.fixture(scope="module")
def drawn(audits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for kind, audit in audits.items():
        (folder / f"{kind}.html").write_text(pages.page(audit), encoding="utf-8")
    return folder


def shown(tab) -> list[str]:
    """Return the ids of the flagged rows that can be seen."""
    cards = tab.locator("[data-cards] .card")
    return [each.get_attribute("id") for each in cards.all() if each.is_visible()]


@pytest.mark.parametrize("kind", KINDS)
def test_filters_and_show_more_work_on_every_kind_of_card(opened, drawn, audits, kind):
    suspects = samples.suspect_rows(audits[kind])
    tab = opened(drawn / f"{kind}.html")
    assert suspects.flagged > 12
    assert len(shown(tab)) == 12
    given = int(suspects.given[0])
    tab.locator('[data-filter="given"]').select_option(str(given))
    most = tab.locator("[data-cards] .card").count()
    of_class = [f"row-{row}" for row in suspects.rows[:most][suspects.given[:most] == given]]
    assert shown(tab) == of_class[:12]
    assert tab.locator("[data-shown]").inner_text() == f"{len(of_class)} of {most} samples"
    tab.locator('[data-filter="given"]').select_option("")
    assert tab.locator("[data-more]").inner_text() == f"Show {most - 12} more"
    tab.locator("[data-more]").click()
    assert len(shown(tab)) == most
    assert not tab.locator("[data-more]").is_visible()


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_no_wider_than_the_window(opened, drawn, kind):
    tab = opened(drawn / f"{kind}.html")
    for width in (1200, 400):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_decisions_are_made_by_keys_kept_and_filtered(opened, drawn, audits):
    suspects = samples.suspect_rows(audits["numbers"])
    tab = opened(drawn / "numbers.html")
    count = tab.locator("[data-count]")
    left = suspects.flagged
    assert count.inner_text() == f"0 to relabel, 0 to drop, 0 rejected, {left} undecided"
    assert tab.locator("[data-save]").is_disabled()
    for key in "jadrjku":  # the first three rows; then on, back, and nothing to undo
        tab.keyboard.press(key)
    assert count.inner_text() == f"1 to relabel, 1 to drop, 1 rejected, {left - 3} undecided"
    rows = suspects.rows.tolist()
    for row, decision in zip(rows, ("relabel", "drop", "keep")):
        card = tab.locator(f"#row-{row}")
        assert card.get_attribute("data-decision") == decision
        assert card.locator('[aria-pressed="true"]').get_attribute("data-decide") == decision
    tab.reload()
    assert count.inner_text() == f"1 to relabel, 1 to drop, 1 rejected, {left - 3} undecided"
    tab.locator('[data-filter="decision"]').select_option("drop")
    assert shown(tab) == [f"row-{rows[1]}"]
    tab.locator(f"#row-{rows[1]} [data-decide=drop]").click()
    assert count.inner_text() == f"1 to relabel, 0 to drop, 1 rejected, {left - 2} undecided"
    tab.locator("[data-clear]").click()
    assert count.inner_text() == f"0 to relabel, 0 to drop, 0 rejected, {left} undecided"
    tab.reload()
    assert tab.locator("[data-save]").is_disabled()


def saved(tab, path):
    """Press the button and return the file."""
    with tab.expect_download() as waiting:
        tab.locator("[data-save]").click()
    assert waiting.value.suggested_filename == "repair.json"
    waiting.value.save_as(path)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return a CSV file with a unique text column and ids that could be anything, and its audit."""
    random = np.random.default_rng(0)
    right = np.arange(300) % 2
    given = right.copy()
    wrong = random.permutation(300)[:30]
    given[wrong] = 1 - given[wrong]
    frame = pd.DataFrame(random.normal(size=(300, 4)) + 3 * right[:, None], columns=list("abcd"))
    frame.insert(0, "key", [f'k"{row}</script>é' for row in range(300)])
    frame["name"] = [f"Name{row}x" for row in range(300)]
    frame["year"] = random.integers(1990, 2020, 300)
    frame["kind"] = np.array(["no", "yes, sure"])[given]
    path = tmp_path_factory.mktemp("table") / "mine.csv"
    frame.to_csv(path, index=False)
    audit = dataperf.audit(path, label="kind", id="key", detectors=["label_errors", "features"])
    audit.report(path.with_name("mine.html"))
    return path, audit


def test_a_saved_submission_is_evaluated_and_applied(opened, table, tmp_path):
    path, audit = table
    tab = opened(path.with_name("mine.html"))
    flagged = samples.suspect_rows(audit).flagged
    tab.keyboard.press("j")
    tab.keyboard.press("d")
    tab.keyboard.press("r")
    tab.locator("[data-all]").click()
    assert (
        f"{flagged - 2} to relabel, 1 to drop, 1 rejected"
        in tab.locator("[data-count]").inner_text()
    )
    file = tmp_path / "repair.json"
    content = saved(tab, file)
    assert (content["challenge"], content["board"]) == ("own-repair", "own")
    result = dataperf.evaluate_data(path, file, label="kind", id="key", on_message=lambda _: None)
    assert result.status != "failed"
    message = tab.locator("[data-saved]").inner_text()
    assert "Saved repair.json" in message and "test row" in message
    out = tmp_path / "cleaned.csv"
    applied = dataperf.apply(file, path, label="kind", id="key", output=out)
    names = {*content["answer"]["drop"], *content["answer"]["relabel"]}
    assert {each.id for each in applied.changes} == names
    tab.locator("[data-tested]").check()
    whole = saved(tab, file)
    assert whole["board"] == "all-rows"
    assert len(whole["answer"]["drop"]) + len(whole["answer"]["relabel"]) == flagged - 1
    with pytest.raises(DataperfError, match="dataperf apply"):
        dataperf.evaluate_data(path, file, label="kind", id="key", on_message=lambda _: None)
    assert len(dataperf.apply(file, path, label="kind", id="key").changes) == flagged - 1


def test_values_stay_visible_next_to_a_unique_text(opened, table):
    path, _ = table
    tab = opened(path.with_name("mine.html"))
    card = tab.locator("[data-cards] .card").first
    assert card.locator("table.odd tbody tr").count() >= 2
    columns = tab.locator("#columns")
    text = columns.inner_text()
    for name in ("key", "name", "year", "a"):
        assert name in text
    assert "1990" in text and "1,990" not in text
    assert columns.locator("svg.histogram").count() == 5


def test_a_class_that_would_lose_all_its_rows_is_named(opened, tmp_path):
    names = ["a", "b"] * 30 + ["c"]
    rows = made.rows_of(np.random.default_rng(0).normal(size=(61, 3)), names)
    near = made.neighbours_of(rows)
    audit = made.Audit(rows, (), near, made.votes(rows, near))
    found = made.label_errors(rows, audit.probabilities)
    lines = found.table.head(1).assign(row=60, given="c", suggested="a", flagged=True)
    file = tmp_path / "page.html"
    audit = replace(audit, findings=(replace(found, table=lines),))
    file.write_text(pages.page(audit), encoding="utf-8")
    tab = opened(file)
    tab.locator("[data-all]").click()
    saved(tab, tmp_path / "repair.json")
    assert "No training row of c is left" in tab.locator("[data-saved]").inner_text()
