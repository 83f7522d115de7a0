"""Every test sees a cache of its own session and no plug-ins of the developer's."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("DATAPERF_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.delenv("DATAPERF_PATH", raising=False)
    yield
    patch.undo()
