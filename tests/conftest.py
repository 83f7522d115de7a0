"""Every test sees a cache of its own session and no plug-ins of the developer's.

Scores held to official ones are listed at the end: a line a challenge, all with ``--golden``.
"""

from __future__ import annotations

import json

import pytest

GOLDEN: list[tuple[str, str, float, float, dict[str, float]]] = []

#: Why the official evaluators give other scores with other libraries.
ERAS = {
    "speech-selection": (
        "scikit-learn 1.4 to 1.8 divide LogisticRegression's loss by the rows, so that it stops "
        "after fewer steps; 1.9 trains it in float32 besides. The model here is that of up to 1.3."
    ),
    "vision-selection": (
        "From scikit-learn 1.4 on F1 is 2TP/(2TP+FP+FN) and no more 2PR/(P+R): the last bit moves. "
        "The files kept here are small enough that the new stopping rule moves nothing else."
    ),
    "vision-debugging": "Measured with PyTorch 2.13; 1 and 2 threads give the same.",
    "data-acquisition": (
        "The stopping rule of LogisticRegression again: one test row in one to three of ten draws. "
        "Files in lexical order (0, 1, 10, ...) pair other sellers with other numbers: ours is "
        "the numbers' order."
    ),
}


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.delenv("DATAPERF_PATH", raising=False)
    patch.delenv("COLUMNS", raising=False)  # workers of xdist set it; lines would be wrapped
    yield
    patch.undo()


@pytest.fixture(scope="session")
def hold():
    """Hold one of our numbers to an official one: ``hold(challenge, case, official, ours)``.

    ``beside`` are the official numbers of other eras, by library, to be listed next to it.
    """

    def held(
        challenge: str,
        case: str,
        official: float,
        ours: float,
        beside: dict[str, float] | None = None,
    ) -> None:
        GOLDEN.append((challenge, case, official, ours, beside or {}))
        assert ours == pytest.approx(official, abs=1e-9), case

    return held


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="list every score held to an official")


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one process of several: tell the first
        session.config.workeroutput["golden"] = json.dumps(GOLDEN, default=float)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    GOLDEN.extend(map(tuple, json.loads(getattr(node, "workeroutput", {}).get("golden", "[]"))))


def pytest_terminal_summary(terminalreporter, config):
    if not GOLDEN:
        return
    write = terminalreporter.write_line
    terminalreporter.section("held to official scores")
    if config.getoption("--golden"):
        heads = f"{'official':>14} {'ours':>14} {'difference':>11}"
        write(f"{'challenge':<18} {'case':<54} {heads}  official, other eras")
        for challenge, case, official, ours, beside in GOLDEN:
            both = f"{official:14.10f} {ours:14.10f} {ours - official:11.1e}"
            others = "  ".join(f"{era} {value:.10f}" for era, value in beside.items())
            write(f"{challenge:<18} {case:<54} {both}  {others}".rstrip())
    for challenge in dict.fromkeys(line[0] for line in GOLDEN):
        lines = [line for line in GOLDEN if line[0] == challenge]
        most = max(abs(ours - official) for _, _, official, ours, _ in lines)
        write(f"{challenge}: {len(lines)} numbers, largest difference {most:.1e}")
        moved = [abs(v - official) for _, _, official, _, other in lines for v in other.values()]
        if config.getoption("--golden"):
            apart = f"other eras differ by up to {max(moved):.1e}. " if moved else ""
            write(f"    {apart}{ERAS[challenge]}")
