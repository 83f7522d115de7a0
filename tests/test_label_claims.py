"""What an audit claims of labels: nothing where classes overlap, the truth where errors stand out."""

import json
from dataclasses import replace

import audit_pages as made
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import dataperf
from dataperf.cli.app import app
from dataperf.curation import samples, sections, terminal
from dataperf.curation.cards import Scene
from dataperf.detectors import label_errors
from dataperf.evidence import copies, error_counts
from dataperf.tracks._verdict import verdict


def table_of(features, labels):
    names = [f"x{number}" for number in range(features.shape[1])]
    frame = pd.DataFrame(np.round(features, 3), columns=names)
    return frame.assign(label=[f"class {number}" for number in labels])


def clouds(n, apart, seed, classes=2):
    """Return Gaussian classes ``apart`` standard deviations from each other, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    features = random.normal(size=(n, 5))
    features[:, 0] += apart * (labels % 2)
    features[:, 1] += apart * (labels // 2)
    return features, labels


def flipped(labels, share, seed):
    random = np.random.default_rng([seed, 1])
    given, classes = labels.copy(), labels.max() + 1
    wrong = random.choice(len(labels), round(share * len(labels)), replace=False)
    given[wrong] = (labels[wrong] + random.integers(1, classes, len(wrong))) % classes
    return given


def found_in(frame, **told):
    return dataperf.audit(frame, label="label", detectors=["label_errors"], **told)


def logistic(n, seed):
    random = np.random.default_rng(seed)
    features = random.normal(size=(n, 5))
    return features, (random.random(n) < 1 / (1 + np.exp(-1.2 * features[:, 0]))).astype(int)


def no_signal(n, seed):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, 5)), random.integers(0, 2, n)


RIGHT = {
    "Bayes error 20 %": lambda: clouds(500, 1.68, 0),
    "Bayes error 30 %": lambda: clouds(600, 1.05, 1),
    "four classes": lambda: clouds(500, 1.7, 2, classes=4),
    "drawn outcomes": lambda: logistic(500, 3),
    "no signal": lambda: no_signal(300, 4),
}


SAID = (
    "These classes cannot be separated by these columns",
    "nothing can be said of single labels",
)


@pytest.mark.parametrize("name", RIGHT)
def test_right_labels_of_overlapping_classes_are_not_called_wrong(name):
    finding = found_in(table_of(*RIGHT[name]())).finding("label_errors")
    numbers = finding.numbers
    assert numbers["flagged"] == numbers["expected_real"] == numbers["noise_rate"] == 0
    assert numbers["doubtful"] == finding.table["doubtful"].sum() > 0
    assert not finding.table["flagged"].any()
    assert finding.severity == "low"
    assert "at least" not in finding.sentence.lower()
    assert SAID[name in ("drawn outcomes", "no signal", "Bayes error 30 %")] in finding.sentence


@pytest.mark.parametrize(("classes", "share"), [(2, 0.1), (2, 0.2), (4, 0.1)])
def test_the_interval_holds_the_true_number_of_errors(classes, share):
    features, labels = clouds(600, 5.0, 7, classes=classes)
    given = flipped(labels, share, 7)
    frame = table_of(features, given).assign(true=[f"class {number}" for number in labels])
    audit = found_in(frame, true_label="true")
    numbers, table = audit.finding("label_errors").numbers, audit.table()
    hits = int((given != labels)[table.loc[table["flagged"], "row"]].sum())
    assert numbers["flagged"] > 0 and not numbers["doubtful"]
    assert numbers["low"] <= hits <= numbers["high"]
    assert numbers["low"] < numbers["expected_real"]
    assert numbers["flagged_truly_wrong"] == hits
    assert numbers["recall_estimate"] == pytest.approx(numbers["recall"], abs=0.12)


def test_a_clear_class_does_not_hide_that_two_others_overlap():
    features, labels = clouds(1500, 1.2, 0, classes=3)
    features[:, 1] += 6.0 * (labels == 2)
    finding = found_in(table_of(features, flipped(labels, 0.1, 0))).finding("label_errors")
    assert finding.sentence.startswith("Some of these classes cannot be separated")
    assert finding.numbers["models_right"] > 0.7
    assert finding.numbers["flagged"] == finding.numbers["expected_real"] == 0
    assert finding.numbers["doubtful"] > 150


def test_only_pairs_that_models_swap_too_often_are_weak():
    given = np.repeat([0, 0, 1, 1, 2, 2], [70, 30, 60, 40, 95, 5])
    predicted = np.repeat([0, 1, 1, 0, 2, 0], [70, 30, 60, 40, 95, 5])
    weak = label_errors._between_weak(given, predicted, 4)
    assert weak.sum() == 70
    assert np.array_equal(weak, (given != predicted) & (given != 2))


def test_the_truth_is_said_in_words_table_and_json():
    features, labels = clouds(400, 5.0, 8)
    given = flipped(labels, 0.1, 8)
    frame = table_of(features, given).assign(true=[f"class {number}" for number in labels])
    audit = found_in(frame, true_label="true")
    numbers = audit.finding("label_errors").numbers
    said = f"Truth: 40 of 400 labels are wrong, {numbers['flagged_truly_wrong']} of the "
    assert said in audit.finding("label_errors").sentence
    assert "precision" in audit.finding("label_errors").sentence
    told = json.loads(json.dumps(audit.to_dict()))["findings"][0]
    assert said in told["sentence"] and told["numbers"]["truly_wrong"] == 40
    first = audit.table().iloc[0]
    assert first["true_label"] == f"class {labels[first['row']]}"
    assert "true_label" in terminal.columns(audit.table())


def test_doubtful_rows_are_shown_as_doubtful_with_the_truth():
    audit = made.numbers(200)
    finding = samples.finding(audit, "label_errors")
    table = finding.table.assign(doubtful=finding.table["flagged"], flagged=False)
    count = int(table["doubtful"].sum())
    numbers = {"flagged": 0, "doubtful": count, "at_most": float(count), "models_right": 0.61}
    numbers |= {"truly_wrong": 3, "doubtful_truly_wrong": 2}
    finding = replace(finding, table=table, numbers=numbers)
    audit = replace(audit, findings=(finding,))
    scene = Scene(audit, samples.suspect_rows(audit), samples.Usual(audit.rows), 8, 0, False)
    figures = {each.words: each.value for each in sections.label_errors(scene).content["figures"]}
    assert scene.suspects.word == "doubtful" and scene.suspects.flagged == count
    assert figures["labels doubtful"] == f"{count}"
    assert figures["of them wrong"] == f"0 to {count}"
    assert figures["of labels models get right"] == "61 %"
    assert figures["of the doubtful ones wrong in truth"] == "2"


def test_the_audit_repairs_nothing_that_it_does_not_call_wrong_unless_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table_of(*clouds(300, 1.2, 5)).to_csv("mine.csv", index=False)
    words = ["audit", "mine.csv", "--label", "label", "--detector", "label_errors"]
    result = CliRunner().invoke(app, [*words, "--submission", "repair.json"])
    assert result.exit_code == 0, result.output
    answer = json.loads((tmp_path / "repair.json").read_text())["answer"]
    assert answer == {"drop": [], "relabel": {}}
    assert "the submission changes nothing: no label is called wrong" in result.stderr
    result = CliRunner().invoke(app, [*words, "--submission", "asked.json", "--budget", "5"])
    answer = json.loads((tmp_path / "asked.json").read_text())["answer"]
    assert len(answer["drop"]) + len(answer["relabel"]) == 5
    assert "changes nothing" not in result.stderr
    result = CliRunner().invoke(
        app, ["evaluate", "--data", "mine.csv", "--label", "label", "repair.json"]
    )
    assert result.exit_code == 0, result.output


def test_copies_of_a_row_do_not_hide_its_error():
    features, labels = clouds(200, 4.0, 6)
    given = flipped(labels, 0.1, 6)
    frame = table_of(features, given)
    audit = found_in(pd.concat([frame, frame], ignore_index=True))
    wrong = np.tile(given != labels, 2)
    assert audit.evidence.copies is not None
    assert (audit.evidence.fold[:200] == audit.evidence.fold[200:]).all()
    scores = audit.scores()
    assert (scores[wrong] > np.median(scores)).all()
    top = np.argsort(-scores)[: wrong.sum()]
    assert wrong[top].mean() > 0.85


def test_equal_rows_of_coarse_columns_and_common_values_are_no_copies():
    random = np.random.default_rng(0)
    coarse = table_of(random.integers(0, 4, (300, 2)).astype(float), np.arange(300) % 2)
    blank = random.normal(size=(300, 5))
    blank[:40] = 0.0
    for frame in (coarse, table_of(blank, np.arange(300) % 2)):
        rows = found_in(frame).rows
        assert copies.copied(rows, 0) is None


def scored(random, scores):
    zeros = np.zeros(len(scores), dtype=np.intp)
    return error_counts.Scored(scores, zeros, random.integers(0, 2, len(scores)))


@pytest.mark.parametrize("steep", [0.0, 3.0])
def test_only_an_even_spread_over_the_injected_errors_is_a_claim(steep):
    """Suspicious rows as evenly spread as known errors are errors; ever rarer ones are not."""
    random = np.random.default_rng(1)
    known = random.uniform(0, 1, 400)
    u = random.uniform(0, 1, 40_000)
    kept = u[random.random(len(u)) < np.exp(steep * (u - 1))][:400]  # u: 0 most suspicious
    others = np.concatenate([1 - kept, random.uniform(-1, -0.5, 3600)])
    found = error_counts.compare(others, scored(random, known), scored(random, others), seed=0)
    assert found.separates_errors == (steep == 0)
    assert found.rise == pytest.approx(0.8 * steep, abs=3 * found.rise_error)
    if steep:
        assert found.low[found.best] < 0.4 * found.flagged[found.best]
    else:
        assert found.share_low < 0.1 < found.share_high
        assert found.share == pytest.approx(0.1, abs=0.02)


GAIN = {"gain": 0.027, "gain low": 0.010, "gain high": 0.048, "before": 0.7, "after": 0.727}


def test_a_repair_that_spoils_labels_is_not_said_to_help():
    done = {"wrong labels": 160, "put right": 3, "wrong dropped": 0, "spoiled": 150}
    told = verdict(GAIN | done | {"right dropped": 7}, True)
    assert not any("helps" in line for line in told)
    assert "puts 3 right" in told[1] and "makes 150 wrong and drops 7" in told[1]
    assert verdict(GAIN | done | {"spoiled": 1, "right dropped": 7}, True)[0] == "the repair helps"


def test_without_truth_the_verdict_says_what_it_rests_on():
    tested = {"test rows": 200, "right only after": 9, "right only before": 2}
    helps, rests = verdict(GAIN | tested, True)
    assert helps == "the repair helps"
    assert rests.startswith("11 of 200 rows held out decide: 9 are right only after the repair")
    assert "may itself be wrong" in rests
    same = verdict(GAIN | tested | {"right only after": 0, "right only before": 0}, True)
    assert "none decides" in same[1]
