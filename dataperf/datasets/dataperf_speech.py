"""The official data of DataPerf's speech selection: word clips as embeddings, en, id, pt.

A folder ``dataperf_LANGUAGE_data`` for each language holds ``train_embeddings/WORD.parquet``
and ``eval_embeddings/WORD.parquet`` (columns ``clip_id`` and ``mswc_embedding_vector``, 1024
float32), and the lists ``allowed_training_set.yaml`` and ``eval.yaml`` (``targets``: word to
ids; ``nontargets``: ids, each ``WORD/FILE``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataperf import embeddings, sources
from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import Archive, Card, Folder, Table

card = Card(
    title="DataPerf speech selection",
    description="Embeddings of word clips in English, Indonesian and Portuguese: five target "
    "words and many others in each language, with the evaluation clips.",
    licence="CC BY 4.0",
    source="https://www.dataperf.org/training-set-selection-speech",
    attribution="MLCommons, Multilingual Spoken Words Corpus (Mazumder et al., 2021)",
    known_limits="Embeddings only; the evaluation set is public.",
)

source = Folder(
    layout="dataperf_en_data, dataperf_id_data and dataperf_pt_data",
    entries=("dataperf_en_data", "dataperf_id_data", "dataperf_pt_data"),
    archives=tuple(
        Archive(
            f"http://dataperf.s3.amazonaws.com/speech-selection/dataperf_{name}_data.zip",
            f"dataperf_{name}_data.zip",
            folder=f"dataperf_{language}_data",
        )
        for language, name in (("en", "eng"), ("id", "ind"), ("pt", "por"))
    ),
)

WIDTH = 1024

#: Which list names the clips of a part.
LISTS = {"train": "allowed_training_set.yaml", "eval": "eval.yaml"}


def inputs(path: Path, language: str) -> list[Path]:
    """Return the files of a language."""
    folder = _folder(path, language)
    return [
        *(folder / name for name in LISTS.values()),
        *sorted(folder.glob("*_embeddings/*.parquet")),
    ]


def table(path: Path | None, language: str) -> Table:
    """Return a language's rows: the clips that may be trained on, then the evaluation clips.

    Parameters
    ----------
    path
        The folder that holds ``dataperf_LANGUAGE_data``.
    language
        ``"en"``, ``"id"`` or ``"pt"``.

    Returns
    -------
    Table
        Features (n, 1024) float32, columns ``word`` (``nontarget`` for all that are no
        target) and ``part`` (``train`` or ``eval``). A word's clips are in the order of its
        file, as the official evaluator trains on them.

    Raises
    ------
    Unavailable
        If files are missing.
    Invalid
        If they are not in the official layout.
    """
    assert path is not None
    folder = _folder(path, language)
    wanted = [(part, *each) for part in LISTS for each in _wanted(folder, part)]
    files = [folder / f"{part}_embeddings" / f"{word}.parquet" for part, word, _, _ in wanted]
    counts = list(map(embeddings.count, files))
    features = sources.scratch((sum(counts), WIDTH), np.float32)
    ids: list[NDArray[Any]] = []
    labels, parts, done = [], [], 0
    for file, count, (part, _, label, names) in zip(files, counts, wanted, strict=True):
        rows = features[done : done + count]
        found = embeddings.read(file, "mswc_embedding_vector", rows, columns=["clip_id"])
        listed = set(names)
        kept = np.array([name in listed for name in found["clip_id"].tolist()], dtype=bool)
        if not kept.all():
            rows[: kept.sum()] = rows[kept]
        done += int(kept.sum())
        ids.append(found["clip_id"][kept])
        labels += [label] * int(kept.sum())
        parts += [part] * int(kept.sum())
    columns = {"word": np.array(labels), "part": np.array(parts)}
    return Table(np.concatenate(ids), features[:done], columns)


def _folder(path: Path, language: str) -> Path:
    folder = path / f"dataperf_{language}_data"
    missing = [name for name in LISTS.values() if not (folder / name).is_file()]
    missing += [f"{p}_embeddings" for p in LISTS if not (folder / f"{p}_embeddings").is_dir()]
    if missing:
        raise Unavailable(
            f"DataPerf's speech data in {language} is not here: {folder} lacks "
            f"{', '.join(missing)}\n  Download it: dataperf data get dataperf-speech"
        )
    return folder


def _wanted(folder: Path, part: str) -> list[tuple[str, str, Sequence[str]]]:
    """Return the words of a part, each with its class and the ids that count."""
    listed = _listed(folder / LISTS[part])
    wanted = [(word, word, names) for word, names in listed["targets"].items()]
    by_word: dict[str, list[str]] = {}
    for name in listed["nontargets"]:
        by_word.setdefault(name.partition("/")[0], []).append(name)
    return [*wanted, *((word, "nontarget", names) for word, names in by_word.items())]


def _listed(path: Path) -> Mapping[str, Any]:
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # an id is text, whatever it looks like
    try:
        content = yaml.load(path.read_bytes(), Loader=loader)
        targets, nontargets = content["targets"], content["nontargets"]
        names = [*targets.items(), ("", nontargets)]
        good = all(
            isinstance(ids, list) and all(isinstance(n, str) for n in ids) for _, ids in names
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise Invalid(str(path), [Problem("bad-list", "", f"{error}", _EXPECTED)]) from error
    if not good or not all(isinstance(word, str) for word in targets):
        raise Invalid(str(path), [Problem("bad-list", "", "ids that are no text", _EXPECTED)])
    return {"targets": targets, "nontargets": nontargets}


_EXPECTED = "targets: {word: [ids]} and nontargets: [ids]"
