"""Plug-ins are found where they lie, are not run to be listed, and never shadow another."""

from __future__ import annotations

import os

import pytest

from dataperf import registry
from dataperf.errors import Ambiguous, DataperfError, NotFound

#: What a metric must offer, apart from what a test looks at.
METRIC = "higher_is_better = True\ndef score(truth, predicted, *, classes): return 0.0\n"


@pytest.fixture
def user(tmp_path, monkeypatch):
    """Return a function that writes a plug-in into a folder of the user's."""
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))

    def write(place, text):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_plugin_of_a_user_folder_is_found_and_loaded(user):
    path = user("metrics/my_metric.py", '"""Mine.\n\nMore."""\nvalue = 3\n' + METRIC)
    entry = registry.get("metrics", "my-metric")
    assert (entry.path, entry.ours, entry.description()) == (path, False, "Mine.")
    assert registry.load("metrics", "my_metric").value == 3
    assert "macro_f1" in registry.find("metrics")


def test_changed_plugin_is_loaded_anew(user):
    user("metrics/my_metric.py", "value = 3\n" + METRIC)
    assert registry.load("metrics", "my_metric").value == 3
    user("metrics/my_metric.py", "value = 4\n" + METRIC)
    assert registry.load("metrics", "my_metric").value == 4


def test_the_same_text_in_another_folder_is_another_plugin(user, tmp_path, monkeypatch):
    for folder in ("one", "two"):
        path = user(f"{folder}/metrics/my_metric.py", METRIC)
        monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / folder))
        assert registry.load("metrics", "my_metric").__file__ == str(path)


def test_challenge_of_a_user_folder_is_named_by_its_folder(user):
    user("challenges/my-own/challenge.toml", 'title = "Mine"\n')
    entry = registry.get("challenges", "my_own")
    assert (entry.name, entry.description()) == ("my-own", "Mine")


def test_hyphen_and_underscore_are_the_same():
    assert registry.get("metrics", "macro-f1") == registry.get("metrics", "macro_f1")


@pytest.mark.parametrize("name", ["macro_f1", "macro-f1"])
def test_name_defined_twice_is_refused_with_both_files(user, name):
    path = user(f"metrics/{name}.py", "")
    with pytest.raises(Ambiguous) as caught:
        registry.get("metrics", "macro_f1")
    assert str(path) in str(caught.value)
    assert str(registry.our_folder("metrics") / "macro_f1.py") in str(caught.value)


def test_folder_named_twice_is_not_ambiguous(user, tmp_path, monkeypatch):
    user("metrics/my_metric.py", "")
    monkeypatch.setenv("DATAPERF_PATH", f"{tmp_path}{os.pathsep}{tmp_path}")
    assert registry.get("metrics", "my_metric").name == "my_metric"


@pytest.mark.parametrize("text", ['"""Bad."""\nraise RuntimeError("boom")\n', "1 / 0", "def ("])
def test_plugin_that_cannot_be_imported_is_listed_and_refused_on_loading(user, text):
    path = user("metrics/bad.py", text)
    assert registry.find("metrics")["bad"].description() is not None
    with pytest.raises(DataperfError, match="cannot be imported") as caught:
        registry.load("metrics", "bad")
    assert str(path) in str(caught.value)
    assert caught.value.__cause__ is not None


def test_files_that_begin_with_an_underscore_or_a_dot_are_no_plugins(user):
    user("metrics/_helper.py", "")
    user("metrics/.hidden.py", "")
    assert not {"_helper", ".hidden"} & set(registry.find("metrics"))


def test_unknown_name_tells_the_nearest_ones():
    with pytest.raises(NotFound, match='no metric named "macro_f2".*\n.*"macro_f1"'):
        registry.get("metrics", "macro_f2")
    with pytest.raises(NotFound, match="Known: .*macro_f1"):
        registry.get("metrics", "qqqqqqq")


def test_missing_user_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "none"))
    with pytest.raises(DataperfError, match="not a folder: .*none"):
        registry.find("metrics")


def test_user_folder_without_plugins_of_a_kind_is_fine(tmp_path, monkeypatch):
    before = registry.find("metrics")
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path))
    assert registry.find("metrics") == before


def test_fixed_model_counts_to_the_last_byte_and_a_metric_by_its_statements(user):
    def digests():
        return [registry.digest(registry.get(kind, "mine")) for kind in ("fixed_models", "metrics")]

    user("fixed_models/mine.py", "a = 1\n")
    user("metrics/mine.py", "a = 1\n")
    first = digests()
    user("fixed_models/mine.py", "a = 1  # note\n")
    user("metrics/mine.py", "a = 1  # note\n")
    second = digests()
    assert first[0] != second[0] and first[1] == second[1]
    user("metrics/mine.json", "{}")
    assert digests()[1] != second[1]


def test_plugin_that_lacks_a_function_is_refused(user):
    user("metrics/my_metric.py", "higher_is_better = True\n")
    with pytest.raises(DataperfError, match="lacks from_counts or score"):
        registry.load("metrics", "my_metric")


def test_plugin_that_exits_is_refused(user):
    user("metrics/my_metric.py", "raise SystemExit(0)\n")
    with pytest.raises(DataperfError, match="cannot be imported"):
        registry.load("metrics", "my_metric")
