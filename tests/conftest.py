"""Every test sees a cache of its own session and no plug-ins of the developer's.

Scores held to official ones are listed at the end: a line a challenge, all with ``--golden``.
"""

from __future__ import annotations

import pytest

GOLDEN: list[tuple[str, str, float, float]] = []


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.delenv("DATAPERF_PATH", raising=False)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def hold():
    """Hold one of our numbers to an official one: ``hold(challenge, case, official, ours)``."""

    def held(challenge: str, case: str, official: float, ours: float) -> None:
        GOLDEN.append((challenge, case, official, ours))
        assert ours == pytest.approx(official, abs=1e-9), case

    return held


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="list every score held to an official")


def pytest_terminal_summary(terminalreporter, config):
    if not GOLDEN:
        return
    write = terminalreporter.write_line
    terminalreporter.section("held to official scores")
    if config.getoption("--golden"):
        write(f"{'challenge':<18} {'case':<44} {'official':>14} {'ours':>14} {'difference':>11}")
        for challenge, case, official, ours in GOLDEN:
            both = f"{official:14.10f} {ours:14.10f}"
            write(f"{challenge:<18} {case:<44} {both} {ours - official:11.1e}")
    for challenge in dict.fromkeys(line[0] for line in GOLDEN):
        found = [abs(ours - official) for name, _, official, ours in GOLDEN if name == challenge]
        write(f"{challenge}: {len(found)} numbers, largest difference {max(found):.1e}")
