"""Frozen means frozen: an edit of any file that a board rests on is refused, with its name."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import py_compile
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dataperf import registry
from dataperf.authoring import scaffold
from dataperf.boards import leaderboard, rerun
from dataperf.definitions import freezing, loading, submission
from dataperf.errors import Ambiguous, DataperfError, DigestMismatch
from dataperf.evaluation import evaluate, results
from dataperf.sources import tables

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A file of 90 rows of three classes, some labels wrong."""
    random = np.random.RandomState(0)
    right = np.arange(90) % 3
    frame = pd.DataFrame(random.normal(size=(90, 4)) + 2 * np.eye(4)[right], columns=list("efgh"))
    given = np.where(random.random_sample(90) < 0.1, (right + 1) % 3, right)
    frame["y"], frame["right"] = np.array(list("abc"))[given], np.array(list("abc"))[right]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    frame.to_csv(path, index=False)
    return path


# Our own files, in a copy of the tree ---------------------------------------------------------

REFUSED = """
    import json, os
    from dataperf import registry
    from dataperf.definitions import freezing, loading
    from dataperf.errors import DigestMismatch
    found = {}
    for name in registry.find("challenges"):
        challenge = loading.load(name)
        for board in challenge.boards:
            try:
                freezing.unfrozen_parts(challenge, board)
            except DigestMismatch as error:
                found[f"{name}/{board}"] = str(error)
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory, rows):
    """A copy of the tree, and beside it a frozen challenge of a user's, of the track subset."""
    root = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("dataperf", "challenges", "fixed_models"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    scaffold.write(
        "challenge", "mine", root / "mine", source=str(rows), label="y", true_label="right",
        track="selection", budget=9,
    )  # fmt: skip
    path = root / "mine/challenges/mine/challenge.toml"
    path.write_text(path.read_text().replace('track = "selection"', 'track = "subset"'))
    python(
        root,
        """
        from dataperf.definitions import freezing, loading
        freezing.freeze_boards(loading.load("mine"), ["own"])
        """,
    )
    return root


def python(root, code):
    """Run code with a copy of the tree."""
    environment = {**os.environ, "PYTHONPATH": str(root), "DATAPERF_PATH": str(root / "mine")}
    environment["DATAPERF_CACHE"] = str(root / "cache")
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def boards_of(fits):
    """Return the boards, ours and the one of the track subset, that a function picks."""
    found = {
        f"{name}/{board}"
        for name in registry.find("challenges")
        for challenge in [loading.load(name)]
        for board in challenge.boards
        if fits(challenge.track, loading.tasks_of(challenge, board).values())
    }
    return found


def of_datasets(*names):
    return lambda: boards_of(lambda track, tasks: {task.dataset for task in tasks} & set(names))


def of_tracks(*names):
    return lambda: boards_of(lambda track, tasks: track in names)


CONCEPTS = (
    "digit_concepts",
    "noisy_digits",
    "noisy_digit_pairs",
    "captioned_digits",
    "digit_market",
)

#: A file, and the boards that rest on it.
RESTS = {
    "datasets/digit_concepts.py": of_datasets(*CONCEPTS),
    "datasets/noisy_digits.py": of_datasets("noisy_digits"),
    "datasets/mnist_5k.py": of_datasets(*CONCEPTS),
    "datasets/dataperf_nibbler.py": of_datasets("nibbler_ratings", "dataperf_nibbler"),
    "datasets/noisy_spoken_digits.csv": of_datasets("noisy_spoken_digits"),
    "datasets/spoken_digits.json": of_datasets("noisy_spoken_digits"),
    "tracks/repair.py": lambda: {"mine/own"},
    "tracks/selection.py": lambda: {"mine/own", *of_tracks("selection")()},
    "metrics/recall.py": lambda: boards_of(
        lambda track, tasks: any("recall" in loading.metric_names(task) for task in tasks)
    ),
    "strategies/random.py": lambda: set(),
    "detectors/outliers.py": lambda: set(),
    "statistics/ranks.py": lambda: set(),
}


@pytest.mark.parametrize("name", RESTS)
def test_edit_of_our_file_refuses_exactly_the_boards_that_rest_on_it(tree, name):
    path, wanted = tree / "dataperf" / name, RESTS[name]()
    before = path.read_bytes()
    path.write_bytes(before + (b"\nEDITED = 1\n" if path.suffix == ".py" else b"\n"))
    try:
        found = json.loads(python(tree, REFUSED))
    finally:
        path.write_bytes(before)
    assert set(found) == wanted
    for message in found.values():
        assert str(path) in message
    assert len(wanted) > 0 or name.startswith(("strategies", "detectors", "statistics"))


def test_edit_of_a_comment_refuses_nothing(tree):
    path = tree / "dataperf/datasets/digit_concepts.py"
    before = path.read_bytes()
    path.write_bytes(before + b"\n# a note\n")
    try:
        assert json.loads(python(tree, REFUSED)) == {}
    finally:
        path.write_bytes(before)


def test_table_is_made_anew_after_an_edit_of_a_sibling(tree):
    code = 'import dataperf; print(dataperf.load_dataset("noisy_digits").features.max())'
    path = tree / "dataperf/datasets/digit_concepts.py"
    before, text = float(python(tree, code)), path.read_text()
    path.write_text(text.replace("blocks.mean(axis=(2, 4))", "2 * blocks.mean(axis=(2, 4))"))
    try:
        assert float(python(tree, code)) == 2 * before
    finally:
        path.write_text(text)
    assert float(python(tree, code)) == before


def forge(path, text):
    """Put a compiled file beside a source, as Python itself would have made of other source."""
    honest, stat = path.read_bytes(), path.stat()
    source = path.with_name(f"forged-{path.name}")
    source.write_text(text)
    compiled = Path(importlib.util.cache_from_source(str(path)))
    compiled.parent.mkdir(exist_ok=True)
    py_compile.compile(str(source), str(compiled), dfile=str(path), doraise=True)
    source.unlink()
    content = bytearray(compiled.read_bytes())
    content[8:12] = (int(stat.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    content[12:16] = (len(honest) & 0xFFFFFFFF).to_bytes(4, "little")
    compiled.write_bytes(content)
    return compiled


OURS = {
    "metrics": "accuracy",
    "datasets": "optical_digits",
    "tracks": "repair",
    "strategies": "random",
    "detectors": "outliers",
    "safety": "open_nsfw",
    "stores": "folder",
    "engines": "in_process",
}


def test_forged_compiled_files_of_ours_are_not_run(tree):
    forged = [
        forge(tree / f"dataperf/{kind}/{name}.py", "FORGED = True") for kind, name in OURS.items()
    ]
    toolkit = tree / "dataperf/basics/wording.py"
    forged.append(forge(tree / "dataperf/datasets/mnist_5k.py", "FORGED = True"))
    forged.append(forge(toolkit, toolkit.read_text() + "FORGED = True"))
    model = tree / "fixed_models/knn_v1.py"
    forged.append(forge(model, "FORGED = True"))
    package = tree / "dataperf/metrics/recall"
    package.mkdir()
    (package / "__init__.py").write_text("FORGED = True")
    code = f"""
        from dataperf import registry
        import dataperf.basics.wording
        from dataperf.datasets import optical_digits
        modules = [registry.load(kind, name) for kind, name in {OURS!r}.items()]
        modules += [registry.load("fixed_models", "knn_v1"), registry.load("metrics", "recall")]
        modules += [optical_digits, registry.load("datasets", "mnist_5k")]
        assert optical_digits is registry.load("datasets", "optical_digits")
        print([hasattr(each, "FORGED") for each in modules].count(True))
        print(hasattr(dataperf.basics.wording, "FORGED"))
    """
    try:
        # The last, which is no plug-in, shows that these forgeries do deceive Python itself.
        assert python(tree, code).split() == ["0", "True"]
    finally:
        shutil.rmtree(package)
        for path in forged:
            path.unlink()


def test_every_file_in_our_folders_of_plugins_is_a_part_of_one():
    for kind in registry.BOARD_KINDS:
        known = {
            part.path
            for entry in registry.find(kind).values()
            if entry.ours
            for part in registry.parts(entry).values()
        }
        folder = registry.our_folder(kind)
        there = {path for path in folder.rglob("*") if path.is_file()}
        loose = {p for p in there - known if "__pycache__" not in p.parts}
        assert {path.name for path in loose} <= {"__init__.py", "frozen.txt", "DATA_LICENSES.md"}, (
            kind
        )


def test_our_folders_of_plugins_run_nothing_of_their_own():
    for kind in registry.KINDS:
        path = registry.PACKAGE / kind / "__init__.py"
        if path.is_file():
            (only,) = ast.parse(path.read_text(encoding="utf-8")).body
            assert isinstance(only, ast.Expr), path


# A user's files -------------------------------------------------------------------------------

MODEL = '''"""Nearest class mean of features that are weighted."""
from pathlib import Path
import numpy as np
{head}

def fit(features, labels, *, classes, seeds):
    present = np.unique(labels)
    means = np.stack([(features * weights())[labels == k].mean(axis=0) for k in present])
    return present, means, len(seeds)


def predict(fitted, features):
    present, means, seeds = fitted
    far = (((features * weights())[:, None] - means[None]) ** 2).sum(axis=2)
    return np.tile(present[far.argmin(axis=1)], (seeds, 1))


def size(fitted):
    return int(fitted[1].nbytes)


def era():
    return "numpy"
'''
METRIC = """
higher_is_better = True


def score(truth, predicted, *, classes):
    return float((truth == predicted).mean())
"""
PLAIN = "def weights():\n    return 1.0\n"


class Folder:
    """A user's folder of plug-ins with the challenge ``mine``, of the model ``own_v1``."""

    def __init__(self, root, rows):
        self.root = root
        scaffold.write("challenge", "mine", root, source=str(rows), label="y", true_label="right")
        self.toml = root / "challenges/mine/challenge.toml"
        self.replace("logistic_v1", "own_v1")

    def replace(self, old, new):
        text = self.toml.read_text(encoding="utf-8")
        assert old in text
        self.toml.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, place, text):
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def model(self, head=PLAIN):
        return self.write("fixed_models/own_v1.py", MODEL.format(head=head))

    def freeze(self, model="own_v1"):
        freezing.freeze_model(registry.get("fixed_models", model))
        freezing.freeze_boards(loading.load("mine"), ["own"])

    def evaluate(self):
        answer = {"schema_version": 2, "challenge": "mine", "board": "own", "answer": {"drop": []}}
        challenge = loading.load("mine")
        return evaluate.evaluate(challenge, submission.parse(answer, challenge))


@pytest.fixture
def mine(tmp_path, monkeypatch, rows):
    (tmp_path / "plug").mkdir()
    monkeypatch.setenv("DATAPERF_PATH", str(tmp_path / "plug"))
    return Folder(tmp_path / "plug", rows)


def weights_in(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.full(4, float(value)))
    return path


WEIGHTS = "def weights():\n    return np.load({})\n"
#: How a model finds its weights, and where they lie.
PLACES = {
    "own_v1.npy": 'Path(__file__).with_suffix(".npy")',
    "own_v1.weights.npy": 'Path(__file__).with_suffix(".weights.npy")',
    "own_v1/w.npy": "Path(__file__).with_suffix('') / (chr(119) + '.npy')",
    "pretrained.npy": 'Path(__file__).parent / "pretrained.npy"',
    "deep/in/w.npy": 'Path(__file__).parent / "deep" / "in" / "w.npy"',
    "shard-3.npy": 'next(Path(__file__).parent.glob("shard-*.npy"))',
}


@pytest.mark.parametrize("place", PLACES)
def test_weights_beside_a_frozen_model_are_frozen_with_it(mine, place):
    mine.model(WEIGHTS.format(PLACES[place]))
    path = weights_in(mine.root / "fixed_models" / place, 1)
    mine.freeze()
    assert mine.evaluate().provenance.frozen
    weights_in(path, 2)
    with pytest.raises(DigestMismatch) as caught:
        mine.evaluate()
    assert str(path) in str(caught.value)
    weights_in(path, 1)
    assert mine.evaluate().provenance.frozen
    path.unlink()
    with pytest.raises(DataperfError, match="lacks " + place):
        mine.evaluate()


def test_files_of_a_model_stand_in_its_list_as_sha256sum_wants_them(mine):
    mine.model("import _scale\n" + WEIGHTS.format('Path(__file__).parent / "my weights.npy"'))
    mine.write("fixed_models/_scale.py", "")
    weights_in(mine.root / "fixed_models/my weights.npy", 1)
    mine.freeze()
    names = freezing.read_list(mine.root / "fixed_models/frozen.txt")
    assert set(names) == {"_scale.py", "my weights.npy", "own_v1.py"}
    done = subprocess.run(
        ["sha256sum", "-c", "frozen.txt"], cwd=mine.root / "fixed_models", capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_file_that_comes_to_lie_beside_a_frozen_model_is_refused(mine):
    mine.model()
    mine.freeze()
    path = mine.write("fixed_models/own_v1.json", "{}")
    with pytest.raises(DigestMismatch, match="it was not there when the model was frozen") as e:
        mine.evaluate()
    assert str(path) in str(e.value)


def test_files_of_one_model_do_not_refuse_another(mine):
    mine.model()
    mine.write("fixed_models/other_v1.py", MODEL.format(head=PLAIN))
    path = weights_in(mine.root / "fixed_models/other_v1.npy", 1)
    mine.freeze()
    freezing.freeze_model(registry.get("fixed_models", "other_v1"))
    weights_in(path, 2)
    assert mine.evaluate().provenance.frozen
    with pytest.raises(DigestMismatch):
        freezing.model_is_frozen(registry.get("fixed_models", "other_v1"))


HELPERS = {
    "_scale.py": "from _scale import weights\n",
    "_inner.py": "from _scale import weights\n",  # _scale imports it
    "_lazy.py": "def weights():\n    import _lazy\n    return _lazy.weights()\n",
    "bag/deep.py": "import bag.deep\nweights = bag.deep.weights\n",
    "bag/other.py": "from bag import deep\nweights = deep.weights\n",  # deep imports it
}


@pytest.mark.parametrize("name", HELPERS)
def test_module_beside_a_frozen_model_is_frozen_with_it_and_runs_from_its_source(mine, name):
    mine.model(HELPERS[name])
    mine.write("fixed_models/_scale.py", "import _inner\nweights = _inner.weights\n")
    mine.write("fixed_models/bag/__init__.py", "")
    mine.write("fixed_models/bag/deep.py", "from .other import weights\n")
    for place in ("_inner.py", "_lazy.py", "bag/other.py"):
        mine.write(f"fixed_models/{place}", PLAIN)
    path = mine.root / "fixed_models" / name
    mine.freeze()
    score = mine.evaluate().score
    forge(path, "def weights():\n    return 0.0\n")
    assert mine.evaluate().score == score and mine.evaluate().provenance.frozen
    path.write_text(path.read_text() + "\n# even a note\n")
    with pytest.raises(DigestMismatch) as caught:
        mine.evaluate()
    assert str(path) in str(caught.value)


def test_modules_beside_plugins_of_one_name_do_not_mix(mine):
    for kind in ("metrics", "datasets"):
        mine.write(f"{kind}/_shared.py", f"value = {kind!r}\n")
    mine.write("metrics/mine_m.py", "from _shared import value\n" + METRIC)
    text = "from _shared import value\ncard = source = table = None\n"
    mine.write("datasets/mine_d.py", text)
    assert registry.load("metrics", "mine_m").value == "metrics"
    assert registry.load("datasets", "mine_d").value == "datasets"
    assert "_shared" not in sys.modules


KINDS = {
    "metrics": METRIC,
    "fixed_models": MODEL.format(head=PLAIN),
    "strategies": 'tracks = ("cleaning",)\ndef answer(pool, rules, *, seed): return {}\n',
    "datasets": "card = source = table = None\n",
    "tracks": "Answer = Rules = read = check = plans = None\n",
    "detectors": "title = find = None\n",
    "safety": "role = external = numeric_version = prepare = None\n",
    "stores": "put = names = get = None\n",
    "engines": "run = None\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_forged_compiled_file_beside_a_users_plugin_is_not_run(mine, kind):
    path = mine.write(f"{kind}/thing.py", KINDS[kind])
    forge(path, KINDS[kind] + "FORGED = True\n")
    assert not hasattr(registry.load(kind, "thing"), "FORGED")


def test_model_reads_nothing_that_is_not_frozen_with_it(mine, tmp_path):
    for path, shown in [
        (mine.root / "fixed_models/w0.npy", 'Path(__file__).parent / f"w{seed}.npy"'),
        (mine.root / "w0.npy", "Path(__file__).parents[1] / f'w{seed}.npy'"),
    ]:
        mine.model("seed = 0\n" + WEIGHTS.format(shown))
        weights_in(path, 1)
        with pytest.raises(DataperfError, match="is not frozen with it") as caught:
            mine.evaluate()
        assert str(path) in str(caught.value) and "own_v1.ENDING" in str(caught.value)


@pytest.mark.parametrize(
    "how",
    [
        "import sys; sys.path.insert(0, str(Path(__file__).parent))\n"
        "import importlib; weights = importlib.import_module('_scale').weights\n",
        "import importlib.util as u\n"
        "spec = u.spec_from_file_location('s', Path(__file__).parent / '_scale.py')\n"
        "m = u.module_from_spec(spec); spec.loader.exec_module(m); weights = m.weights\n",
    ],
)
def test_import_that_cannot_be_followed_is_refused(mine, monkeypatch, how):
    monkeypatch.setattr(sys, "path", [*sys.path])
    mine.write("fixed_models/_scale.py", PLAIN)
    mine.model(how)
    with pytest.raises(DataperfError, match=r"Use an import statement"):
        mine.evaluate()


def test_module_of_another_folder_is_refused(mine, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/scale_of_mine.py").write_text(PLAIN)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    mine.model("from scale_of_mine import weights\n")
    with pytest.raises(DataperfError, match="imports scale_of_mine from .*elsewhere"):
        mine.evaluate()


def test_compiled_code_is_not_kept_beside_a_model_and_knows_what_it_imports(mine):
    mine.model(
        "import numba\nfrom _scale import FACTOR\n\n"
        "@numba.njit(cache=True)\ndef twice(x):\n    return FACTOR * x\n\n"
        "def weights():\n    return twice(1.0)\n"
    )
    found = []
    for factor in (1.0, 3.0):
        mine.write("fixed_models/_scale.py", f"FACTOR = {factor}\n")
        found.append(registry.load("fixed_models", "own_v1").weights())
    assert found == [1.0, 3.0]
    assert not list((mine.root / "fixed_models").rglob("*.nb[ic]"))
    assert list(Path(os.environ["DATAPERF_CACHE"]).rglob("own_v1.twice*.nbi"))


def test_board_of_own_metric_and_dataset_is_refused_with_the_changed_file(mine):
    mine.model()
    mine.replace("metrics = [", 'metrics = ["hits", ')
    mine.write("metrics/_share.py", "def share(hits): return float(hits.mean())\n")
    text = METRIC.replace("float((truth == predicted).mean())", "share(truth == predicted)")
    paths = [
        mine.write("metrics/hits.py", "from _share import share\n" + text),
        mine.root / "metrics/_share.py",
        mine.root / "datasets/mine.py",
        mine.root / "datasets/mine.npz",
    ]
    mine.freeze()
    assert mine.evaluate().provenance.frozen
    for path in paths:
        before = path.read_bytes()
        path.write_bytes(before + b"\nEDITED = 1\n")
        with pytest.raises(DigestMismatch, match=f"Changed: {path}"):
            freezing.unfrozen_parts(loading.load("mine"), "own")
        path.write_bytes(before)
    mine.replace("version = 1\ntitle", "version = 2\ntitle")
    with pytest.raises(DigestMismatch, match=f"Changed: {mine.toml}"):
        freezing.unfrozen_parts(loading.load("mine"), "own")


def test_two_files_of_one_name_are_refused(mine, tmp_path, monkeypatch):
    mine.model()
    mine.replace("metrics = [", 'metrics = ["one", "two", ')
    for root, name in ((mine.root, "one"), (tmp_path / "more", "two")):
        (root / "metrics").mkdir(parents=True)
        (root / "metrics/_share.py").write_text("")
        (root / f"metrics/{name}.py").write_text("import _share\n" + METRIC)
    monkeypatch.setenv("DATAPERF_PATH", f"{mine.root}{os.pathsep}{tmp_path / 'more'}")
    with pytest.raises(Ambiguous, match="metrics/_share.py"):
        loading.digests(loading.load("mine"), "own")


def test_table_of_a_users_dataset_is_made_anew_after_an_edit_of_what_it_imports(mine):
    text = (mine.root / "datasets/mine.py").read_text()
    text = text.replace('arrays["features"]', 'arrays["features"] * _times.FACTOR')
    mine.write("datasets/mine.py", text.replace("import numpy", "import _times\nimport numpy"))
    found = []
    for factor in (1, 2):
        mine.write("datasets/_times.py", f"FACTOR = {factor}\n")
        found.append(tables.table("mine").features)
    assert np.array_equal(2 * found[0], found[1])


# Data -----------------------------------------------------------------------------------------


def test_results_of_other_data_are_not_ranked_also_where_the_data_is_pinned(mine):
    mine.model()
    mine.freeze()
    result, challenge = mine.evaluate(), loading.load("mine")
    provenance = result.provenance
    digests = {**provenance.digests, "data": "0" * 64}
    other = result.model_copy(
        update={"provenance": provenance.model_copy(update={"digests": digests})}
    )
    board = leaderboard.rank(challenge, "own", [result, other])
    assert [row.result for row in board.rows] == [result]
    assert [reason.partition(":")[0] for _, reason in board.unranked] == ["other data"]


def test_data_that_moved_though_no_file_did_is_marked_and_not_ranked(mine, monkeypatch):
    mine.model()
    mine.freeze()
    challenge, first = loading.load("mine"), mine.evaluate()
    data = submission.board_data(challenge, "own")
    assert freezing.unfrozen_parts(challenge, "own", data=data) == []
    moved = {k: part.__class__(**{**vars(part), "digest": "1" * 64}) for k, part in data.items()}
    monkeypatch.setattr(submission, "board_data", lambda *_: moved)
    result = mine.evaluate()
    assert result.provenance.unfrozen == ["data of own (it differs from the data that was frozen)"]
    assert leaderboard.rank(challenge, "own", [first, result]).rows == []


def test_verify_names_what_has_changed(mine, tmp_path):
    mine.model()
    result = mine.evaluate()
    path = Path(results.keep(result, str(tmp_path / "results")))
    if not path.is_absolute():
        path = tmp_path / "results" / path
    assert rerun.result(path)["ok"]
    weights_in(mine.root / "datasets/mine.npy", 1)
    found = rerun.result(path)
    assert not found["ok"] and found["problems"][0].startswith("datasets/mine.npy has changed")


def test_freezing_again_changes_nothing(mine):
    mine.model()
    mine.freeze()
    paths = [mine.root / "fixed_models/frozen.txt", mine.toml.with_name("frozen.txt")]
    before = [path.read_bytes() for path in paths]
    mine.freeze()
    assert [path.read_bytes() for path in paths] == before
    names = freezing.read_list(paths[1])
    assert {"own", "own:data", "fixed_models/own_v1.py", "datasets/mine.npz"} <= set(names)
