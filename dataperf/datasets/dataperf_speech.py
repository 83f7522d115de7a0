"""The official data of DataPerf's speech selection: word clip embeddings in en, id and pt.

A folder ``dataperf_LANGUAGE_data`` for each language holds:

- ``train_embeddings/WORD.parquet`` and ``eval_embeddings/WORD.parquet``: columns ``clip_id`` and
  ``mswc_embedding_vector`` (1024 float32).
- ``allowed_training_set.yaml`` and ``eval.yaml``: lists of clips; ``targets`` maps each word to
  ids, ``nontargets`` lists ids, each ``WORD/FILE``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import Archive, Card, Folder, Table
from dataperf.sources import parquet_vectors, scratch

card = Card(
    title="DataPerf speech selection",
    description="Embeddings of word clips in English, Indonesian and Portuguese: five target "
    "words and many others in each language, with the evaluation clips.",
    licence="CC BY 4.0",
    source="https://www.dataperf.org/training-set-selection-speech",
    attribution="MLCommons, Multilingual Spoken Words Corpus (Mazumder et al., 2021)",
    known_limits="Embeddings only, no sound. The evaluation set is public.",
)

source = Folder(
    layout="dataperf_en_data, dataperf_id_data and dataperf_pt_data",
    entries=("dataperf_en_data", "dataperf_id_data", "dataperf_pt_data"),
    archives=tuple(
        Archive(
            f"https://dataperf.s3.amazonaws.com/speech-selection/dataperf_{name}_data.zip",
            f"dataperf_{name}_data.zip",
            folder=f"dataperf_{language}_data",
        )
        for language, name in (("en", "eng"), ("id", "ind"), ("pt", "por"))
    ),
)

VECTORS, WIDTH = "mswc_embedding_vector", 1024

#: The list that names the clips of each part.
LISTS = {"train": "allowed_training_set.yaml", "eval": "eval.yaml"}


def inputs(path: Path, language: str) -> list[Path]:
    """Return the files of a language that are read."""
    folder = _folder(path, language)
    return [
        *(folder / name for name in LISTS.values()),
        *sorted(folder.glob("*_embeddings/*.parquet")),
    ]


def table(path: Path | None, language: Literal["en", "id", "pt"]) -> Table:
    """Return a language's rows: the clips allowed for training, then the evaluation clips.

    Parameters
    ----------
    path : Path
        The folder that holds ``dataperf_LANGUAGE_data``.
    language : str
        ``"en"``, ``"id"`` or ``"pt"``.

    Returns
    -------
    Table
        Features: (n, 1024) float32. Columns: ``word`` (``nontarget`` for words that are not
        targets) and ``part`` (``train`` or ``eval``). The clips of a word are in the order of its
        file, the order in which the official evaluator trains on them.

    Raises
    ------
    Unavailable
        If files are missing.
    Invalid
        If they are not in the official layout.
    """
    assert path is not None
    folder = _folder(path, language)
    ids: list[NDArray[Any]] = []
    labels, parts = [], []
    with scratch.Scratch(WIDTH, np.float32) as rows:
        for part, word, label, names in _wanted(folder):
            file = folder / f"{part}_embeddings" / f"{word}.parquet"
            listed = set(names)
            for read, block in parquet_vectors.batches(file, VECTORS, WIDTH, columns=["clip_id"]):
                chosen = np.array([name in listed for name in read["clip_id"].tolist()], dtype=bool)
                rows.append(block if chosen.all() else block[chosen])
                ids.append(read["clip_id"][chosen].astype(str))
                labels += [label] * len(ids[-1])
                parts += [part] * len(ids[-1])
    columns = {"word": np.array(labels), "part": np.array(parts)}
    return Table(np.concatenate([np.zeros(0, np.str_), *ids]), rows.features(), columns)


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


def _wanted(folder: Path) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """Yield part, word, class and ids to read, word by word."""
    for part, name in LISTS.items():
        targets, nontargets = _listed(folder / name)
        for word, names in targets.items():
            yield part, word, word, names
        by_word: dict[str, list[str]] = {}
        for name in nontargets:
            by_word.setdefault(name.partition("/")[0], []).append(name)
        for word, names in by_word.items():
            yield part, word, "nontarget", names


def _listed(path: Path) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    """Return the ids of every target word, and the ids of all other words.

    The file is read as a stream of parser events. Every id is text, whatever it looks like, and a
    YAML loader, which determines a type for each id, is slow on lists this long.
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        events = iter(yaml.parse(path.read_bytes(), Loader=loader))
        _stream, _document, first = itertools.islice(events, 3)
        content = _node(first, events)
        _end, _stream = events
        targets, nontargets = content["targets"], content["nontargets"]
        lists = [*targets.values(), nontargets]
        if not all(isinstance(ids, list) for ids in lists) or not all(
            isinstance(name, str) for name in (*targets, *itertools.chain(*lists))
        ):
            raise TypeError("ids that are not text")
    except (
        yaml.YAMLError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        found = f"{error}" if isinstance(error, yaml.YAMLError) else "not the two lists"
        raise Invalid(str(path), [Problem("bad-list", "", found, _EXPECTED)]) from error
    return targets, nontargets


def _node(event: Any, events: Iterator[Any]) -> Any:
    """Return the text, list or mapping that begins with an event."""
    import yaml

    if isinstance(event, yaml.ScalarEvent):
        return event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return [
            _node(each, events)
            for each in itertools.takewhile(
                lambda each: not isinstance(each, yaml.SequenceEndEvent), events
            )
        ]
    if isinstance(event, yaml.MappingStartEvent):
        return {
            _node(each, events): _node(next(events), events)
            for each in itertools.takewhile(
                lambda each: not isinstance(each, yaml.MappingEndEvent), events
            )
        }
    raise TypeError(f"{type(event).__name__} is neither text, a list nor a mapping")


_EXPECTED = "targets: {word: [ids]} and nontargets: [ids]"
