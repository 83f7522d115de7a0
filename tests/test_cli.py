"""The whole way on real recordings, as a user goes it: the installed command in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dataperf as face
from dataperf import registry
from dataperf.evaluation import results

CHALLENGE = ["--challenge", "speech-selection"]


def dataperf(*words: str, cwd: Path, code: int = 0, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "dataperf", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout if "--json" in words else run.stdout + run.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with two answers to digits-60, evaluated."""
    place = tmp_path_factory.mktemp("work")
    for strategy in ("random", "cleanlab_k_medoids"):
        words = [
            "baseline",
            *CHALLENGE,
            "-b",
            "digits-60",
            "-s",
            strategy,
            "-o",
            f"{strategy}.json",
        ]
        dataperf(*words, cwd=place)
    dataperf("evaluate", *CHALLENGE, "random.json", "cleanlab_k_medoids.json", cwd=place)
    return place


def kept(folder: Path) -> list[results.Result]:
    found, broken = results.read_all(str(folder / "dataperf-results"))
    assert broken == {}
    return found


def test_scorecard_has_all_five_parts(folder):
    text = dataperf("evaluate", *CHALLENGE, "random.json", "--results", "again", cwd=folder)
    for part in (
        "macro_f1 on test",
        "OUT-OF-DISTRIBUTION",
        "LABEL-ERROR",
        "CLASS BALANCE",
        "COST",
    ):
        assert part in text


def test_cleanlab_beats_random_and_selects_fewer_errors(folder):
    by_method = {result.submission.method.split(",")[0]: result for result in kept(folder)}
    best, random = by_method["cleanlab_k_medoids"], by_method["random"]
    assert best.score.value > random.score.value
    assert best.tasks["digits"].detection.share < random.tasks["digits"].detection.share
    assert best.tasks["digits"].detection.ranking["auroc"] > 0.8


def test_leaderboard_ranks_frozen_results(folder):
    board = json.loads(
        dataperf("leaderboard", *CHALLENGE, "-b", "digits-60", "--json", cwd=folder)
    )[0]
    assert [row["rank"] for row in board["rows"]] == [1, 2]
    assert board["rows"][0]["method"].startswith("cleanlab")


def test_verify_agrees_and_refuses_a_changed_record(folder, tmp_path):
    files = sorted((folder / "dataperf-results").rglob("*.json"))
    assert dataperf("verify", str(files[0]), cwd=folder).startswith("ok")
    forged = tmp_path / files[0].name
    forged.write_bytes(
        files[0].read_bytes().replace(b'"submitter": "baseline"', b'"submitter": "me"')
    )
    text = dataperf("verify", str(forged), str(files[0]), cwd=folder, code=1)
    assert "changed" in text
    assert "ok  " in text


def scores(place: Path) -> list[dict]:
    drop = {"provenance", "cost", "submission", "training_runs"}
    return sorted(
        (json.loads(result.model_dump_json(exclude=drop)) for result in kept(place)),
        key=lambda each: json.dumps(each),
    )


def test_jobs_threads_and_order_do_not_move_a_digit(folder, tmp_path):
    for name in ("random", "cleanlab_k_medoids"):
        content = json.loads((folder / f"{name}.json").read_text())
        samples = content["answer"]["samples"]
        content["answer"]["samples"] = {
            label: samples[label][::-1] for label in reversed(list(samples))
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    files = ["cleanlab_k_medoids.json", "random.json"]
    dataperf("evaluate", *CHALLENGE, *files, "-j", "2", cwd=tmp_path, OMP_NUM_THREADS="2")
    assert scores(tmp_path) == scores(folder)


def test_bad_files_give_one_message_with_every_problem_and_write_nothing(folder, tmp_path):
    content = json.loads((folder / "random.json").read_text())
    samples = content["answer"]["samples"]
    samples["one"] += [samples["one"][0], "one/nobody", samples["five"][0]]
    samples["fiev"] = []
    (tmp_path / "bad.json").write_text(json.dumps(content))
    text = dataperf("evaluate", *CHALLENGE, "bad.json", cwd=tmp_path, code=2)
    for rule in ("duplicate-id", "unknown-id", "misfiled-id", "over-budget", "unknown-class"):
        assert f"[{rule}]" in text
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]


def test_a_kill_leaves_no_damaged_cache_or_record(folder, tmp_path):
    command = [sys.executable, "-m", "dataperf", "evaluate", *CHALLENGE]
    cache = {"DATAPERF_CACHE": str(tmp_path / "cache")}
    for delay in (0.3, 0.7, 1.1, 1.5):
        child = subprocess.Popen(
            [*command, str(folder / "random.json")],
            cwd=tmp_path,
            env={**os.environ, **cache},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
    dataperf("evaluate", *CHALLENGE, str(folder / "random.json"), cwd=tmp_path, **cache)
    found = [result for result in kept(folder) if result.submission.method.startswith("random")]
    assert {result.score for result in kept(tmp_path)} == {found[0].score}
    for kind in ("*.npz", "*.features.npy"):
        for path in (tmp_path / "cache").rglob(kind):
            path.write_bytes(path.read_bytes()[:-7])
        dataperf("evaluate", *CHALLENGE, str(folder / "random.json"), cwd=tmp_path, **cache)
        assert {result.score for result in kept(tmp_path)} == {found[0].score}


def test_own_challenge_metric_and_model_run_unfrozen_until_frozen(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for kind, name in (
        ("metric", "hits"),
        ("detector", "no_chance"),
        ("safety", "two_words"),
        ("model", "means_v1"),
        ("challenge", "mine"),
    ):
        dataperf("new", kind, name, "--plugins", "own", cwd=tmp_path)
    toml = own / "challenges" / "mine" / "challenge.toml"
    text = toml.read_text().replace('"voting_svm_lr_v1"', '"means_v1"')
    toml.write_text(text.replace('metric = "macro_f1"', 'metric = "hits"'))
    rows = json.loads(dataperf("check-plugins", "--plugins", "own", "--json", cwd=tmp_path))
    assert all(row["ok"] for row in rows)
    mine = ["--challenge", "mine", "--plugins", "own"]
    dataperf("baseline", *mine, "-b", "small", "-s", "random", "-o", "a.json", cwd=tmp_path)
    assert "not frozen" in dataperf("evaluate", *mine, "a.json", cwd=tmp_path)
    assert "not ranked" in dataperf("leaderboard", *mine, cwd=tmp_path)
    dataperf("freeze", "means_v1", "--plugins", "own", cwd=tmp_path)
    dataperf("freeze", "mine", "--plugins", "own", cwd=tmp_path)
    assert "not frozen" not in dataperf("evaluate", *mine, "a.json", cwd=tmp_path)
    board = json.loads(dataperf("leaderboard", *mine, "--json", cwd=tmp_path))[0]
    assert [row["rank"] for row in board["rows"]] == [1]
    model = own / "fixed_models" / "means_v1.py"
    model.write_text(model.read_text() + "\n# changed\n")
    assert "sha256" in dataperf("evaluate", *mine, "a.json", cwd=tmp_path, code=2)
    assert "warning: the frozen model" in dataperf("show", "mine", "--plugins", "own", cwd=tmp_path)
    words = ("check-plugins", "--plugins", "own", "--json")
    rows = json.loads(dataperf(*words, cwd=tmp_path, code=1))
    assert [row["name"] for row in rows if not row["ok"]] == [
        "challenges/mine",
        "fixed_models/means_v1",
    ]


@pytest.mark.parametrize("what", ["challenge", "submission", "result"])
def test_schemas_are_published(what, tmp_path):
    schema = json.loads(dataperf("schema", what, cwd=tmp_path))
    assert schema["additionalProperties"] is False
    if what == "result":
        assert schema["$defs"]["OwnData"]["additionalProperties"] is False


def test_help_is_there_for_every_command_and_loads_nothing_heavy(tmp_path):
    for command in (
        *("list", "show", "baseline", "check", "evaluate", "leaderboard", "verify", "audit"),
        *("new", "check-plugins", "freeze", "schema"),
    ):
        assert "Example: dataperf" in dataperf(command, "--help", cwd=tmp_path)
    code = (
        "import sys, dataperf.cli.app; heavy = {'numpy', 'pydantic', 'sklearn', 'pandas', 'scipy'};"
        "print(heavy & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_boards_without_reference_submissions_are_reported(tmp_path):
    text = dataperf("evaluate", *CHALLENGE, "-b", "digits-300", cwd=tmp_path, code=2)
    assert "no reference submissions" in text
    assert "no board" in dataperf("evaluate", *CHALLENGE, "-b", "nope", cwd=tmp_path, code=2)


def test_check_reports_every_file(folder, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    words = ["check", *CHALLENGE, "bad.json", str(folder / "random.json"), "--json"]
    rows = json.loads(dataperf(*words, cwd=tmp_path, code=2))
    assert [row["valid"] for row in rows] == [False, True]
    assert rows[0]["problems"][0]["rule"] == "not-json"


def test_a_submission_that_names_its_challenge_needs_no_option(folder, tmp_path):
    file = str(folder / "random.json")
    assert "random.json: valid" in dataperf("check", file, cwd=tmp_path)
    (named,) = json.loads(dataperf("evaluate", file, "--json", cwd=tmp_path))
    (given,) = json.loads(dataperf("evaluate", *CHALLENGE, file, "--json", cwd=tmp_path))
    assert named["tasks"] == given["tasks"]
    (tmp_path / "en_25_train.json").write_text('{"one": ["a"]}')
    for command in ("check", "evaluate"):
        text = dataperf(command, "en_25_train.json", cwd=tmp_path, code=2)
        assert "give the challenge: --challenge NAME" in text


def test_submissions_to_several_challenges_are_evaluated_in_one_command(folder, tmp_path):
    words = ["-c", "digit-cleaning", "-b", "linear", "-s", "random_order", "-o", "order.json"]
    dataperf("baseline", *words, cwd=tmp_path)
    text = dataperf("evaluate", "order.json", str(folder / "random.json"), cwd=tmp_path)
    assert "digits-60" in text and "linear" in text
    assert {result.challenge for result in kept(tmp_path)} == {"digit-cleaning", "speech-selection"}


def test_a_script_and_a_command_say_the_same(folder, tmp_path):
    content = json.loads((folder / "random.json").read_text())
    content["answer"]["samples"]["one"] = ["one/nobody"]
    (tmp_path / "bad.json").write_text(json.dumps(content))
    for command, function in (("check", face.check), ("evaluate", face.evaluate)):
        with pytest.raises(face.Invalid) as error:
            function(tmp_path / "bad.json")
        problems = str(error.value).partition("\n")[2]
        assert problems in dataperf(command, "bad.json", cwd=tmp_path, code=2)
    (result,) = (each for each in kept(folder) if each.submission.method.startswith("random"))
    assert face.evaluate(folder / "random.json").tasks == result.tasks


def test_new_refuses_a_name_that_is_taken(tmp_path):
    assert "already" in dataperf(
        "new", "metric", "accuracy", "--plugins", "x", cwd=tmp_path, code=2
    )
    assert list(tmp_path.iterdir()) == []


def test_an_old_option_is_refused_with_its_new_name(tmp_path):
    words = ("evaluate", "--data", "mine.csv", "--truth", "t", "--path=x", "a.json")
    text = dataperf(*words, cwd=tmp_path, code=2)
    assert "the option --truth is now --true-label" in text
    assert "the option --path is now --plugins" in text


def test_a_baseline_of_a_challenge_with_one_board_needs_no_board(tmp_path):
    text = dataperf("baseline", "-c", "corpus-filtering", "-s", "text-filter", cwd=tmp_path, code=2)
    assert "corpus-filtering has several boards" in text and "small" in text
    path = tmp_path / "own" / "challenges" / "one" / "challenge.toml"
    path.parent.mkdir(parents=True)
    text = registry.get("challenges", "speech-selection").path.read_text(encoding="utf-8")
    head, _, _ = text.partition("[boards.digits-60]")
    path.write_text(head.replace('name = "speech-selection"', 'name = "one"'))
    words = ("baseline", "-c", "one", "-s", "random", "--plugins", "own")
    assert "wrote digits-25-random-0.json" in dataperf(*words, cwd=tmp_path)


def test_names_that_are_not_there_are_suggested(tmp_path):
    text = dataperf("show", "speech-selecton", cwd=tmp_path, code=2)
    assert 'Did you mean "speech-selection"' in text
    text = dataperf("evaluate", "-c", "speech-selection", "nowhere.json", cwd=tmp_path, code=2)
    assert "no such file" in text


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no full device here")
def test_output_that_cannot_be_written_is_one_line(tmp_path):
    for words in (["list"], ["show", "speech-selection"]):
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "dataperf", *words]
            run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert run.returncode == 2
        assert run.stderr == "error: cannot write to standard output: no space left on device\n"


def test_an_answer_goes_through_links_and_into_regular_files_only(tmp_path):
    words = ["baseline", *CHALLENGE, "-b", "digits-25", "-s", "random", "--force", "-o"]
    (tmp_path / "link.json").symlink_to(tmp_path / "file.json")
    (tmp_path / "file.json").write_text("old")
    dataperf(*words, "link.json", cwd=tmp_path)
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "file.json").read_text())["board"] == "digits-25"
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in dataperf(*words, "pipe", cwd=tmp_path, code=2)
    assert (tmp_path / "pipe").is_fifo()
