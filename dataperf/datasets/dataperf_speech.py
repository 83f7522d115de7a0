"""DataPerf's official speech-selection embeddings (not carried: downloaded by the user)."""

from __future__ import annotations

from pathlib import Path

from dataperf.errors import Unavailable
from dataperf.records import Card, Folder, Table

card = Card(
    title="DataPerf speech selection",
    description=(
        "1024-dimensional embeddings of Multilingual Spoken Words Corpus clips in English, "
        "Indonesian and Portuguese, five target words each."
    ),
    licence="CC BY 4.0 (Multilingual Spoken Words Corpus)",
    source="http://dataperf.s3.amazonaws.com/speech-selection/",
    attribution="Mazumder et al., Multilingual Spoken Words Corpus, NeurIPS 2021",
    known_limits="This version of dataperf declares the boards but does not read the files yet.",
)

source = Folder(layout="dataperf_{en,id,pt}_data/")


def table(path: Path | None, *, language: str) -> Table:
    """Refuse: the official files are not carried and not read by this version.

    Raises
    ------
    Unavailable
        Always.
    """
    raise Unavailable(
        f"the official {language} data is not on this machine, and this version cannot read it "
        "yet.\n  The boards digits-25, digits-60 and digits-300 need nothing."
    )
