"""Neighbours: the true ones, of equal rows all, and the same on every run."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from dataperf.errors import Invalid
from dataperf.evidence import neighbours
from dataperf.evidence.neighbours import nearest


def brute(features, k):
    """Return neighbours by sorting all distances, of equal ones the lower row first."""
    wide = np.asarray(features, dtype=np.float64)
    apart = np.sqrt(((wide[:, None] - wide) ** 2).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(apart, order, axis=1)


def clouds(n, d, *, seed=0, centres=20):
    random = np.random.default_rng(seed)
    middles = 2 * random.normal(size=(centres, d))
    return middles[random.integers(0, centres, n)] + random.normal(size=(n, d))


def recall(found, features, k):
    true = brute(features, k)[0]
    return np.mean([np.isin(one, other).mean() for one, other in zip(true, found.rows)])


@pytest.mark.parametrize(("n", "d"), [(2, 1), (9, 3), (130, 17), (1300, 5)])
def test_exact_neighbours_are_the_true_ones(n, d):
    features = np.random.default_rng(n).normal(size=(n, d)) + 100
    found = nearest(features, k=8)
    rows, distances = brute(features.astype(np.float32), 8)
    wide = min(8, n - 1)
    assert np.array_equal(found.rows[:, :wide], rows[:, :wide])
    np.testing.assert_allclose(found.distances[:, :wide], distances[:, :wide], rtol=1e-5)
    assert (found.rows[:, wide:] == -1).all() and np.isinf(found.distances[:, wide:]).all()
    assert found.exact and found.rows.dtype == np.int32 and found.distances.dtype == np.float32


@pytest.mark.parametrize("exact", [True, False])
def test_equal_rows_are_all_found_however_many(exact):
    random = np.random.default_rng(0)
    features = clouds(3000, 6)
    many = np.sort(random.choice(3000, 60, replace=False))
    features[many] = features[many[0]]
    features[[5, 2900]] = features[7]
    found = nearest(features, k=10, exact=exact)
    for row in many:
        others = many[many != row]
        assert np.array_equal(found.rows[row], others[:10])
        assert (found.distances[row] == 0).all()
    for row in {5, 7, 2900} - set(many.tolist()):
        assert set(found.rows[row, :2]) == {5, 7, 2900} - {row}
        assert (found.distances[row, :2] == 0).all() and found.distances[row, 2] > 0
    assert not (found.rows == np.arange(3000)[:, None]).any()


def test_neighbours_of_rows_with_many_ties_and_equals_are_the_true_ones():
    features = np.random.default_rng(1).integers(0, 3, size=(400, 4)).astype(float)
    found = nearest(features, k=10)
    np.testing.assert_allclose(found.distances, brute(features, 10)[1], rtol=1e-6)
    apart = np.sqrt(((features[found.rows] - features[:, None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(found.distances, apart, rtol=1e-6)
    assert all(len(set(line)) == 10 for line in found.rows.tolist())


def test_all_rows_equal():
    found = nearest(np.ones((5, 2)), k=6)
    assert found.rows[0].tolist() == [1, 2, 3, 4, -1, -1]
    assert found.rows[2].tolist() == [0, 1, 3, 4, -1, -1]


def test_one_row_has_no_neighbour_and_zero_is_zero():
    assert nearest(np.zeros((1, 3)), k=2).rows.tolist() == [[-1, -1]]
    assert nearest(np.array([[0.0], [-0.0], [1.0]]), k=1).distances[0, 0] == 0


@pytest.mark.parametrize("centres", [1, 30])
def test_approximate_neighbours_are_nearly_all_true_also_without_clusters(centres):
    features = clouds(3000, 8, centres=centres)
    found = nearest(features, exact=False)
    assert recall(found, features, 10) >= 0.98
    assert not found.exact or centres == 1


def test_where_lists_would_not_save_anything_every_pair_is_compared():
    assert nearest(np.random.default_rng(0).normal(size=(2000, 60)), exact=False).exact


def test_size_decides(monkeypatch):
    features = clouds(3000, 4)
    assert nearest(features).exact
    monkeypatch.setattr(neighbours, "EXACT", 1e6)
    assert not nearest(features).exact


def test_neighbours_are_the_same_again_in_blocks_and_in_order(monkeypatch):
    features = clouds(1500, 8)
    for exact in (True, False):
        one, other = nearest(features, exact=exact), nearest(features, exact=exact)
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.distances, other.distances)
    shares: list[float] = []
    whole = nearest(features, exact=True, progress=shares.append)
    monkeypatch.setattr(neighbours, "BLOCK", 100)
    assert np.array_equal(whole.rows, nearest(features, exact=True).rows)
    assert shares == sorted(shares) and shares[-1] == 1


def test_threads_of_faiss_are_as_before(monkeypatch):
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    try:
        with neighbours._threads() as inside:
            assert inside.omp_get_max_threads() == 1
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        with pytest.raises(KeyError), neighbours._threads() as inside:
            assert inside.omp_get_max_threads() == 3
            raise KeyError
        assert faiss.omp_get_max_threads() == 2
    finally:
        faiss.omp_set_num_threads(before)


def test_what_is_refused():
    with pytest.raises(Invalid) as caught:
        nearest(np.array([[0.0], [np.nan]]), k=0)
    assert [problem.rule for problem in caught.value.problems] == ["not-finite", "k"]
    with pytest.raises(Invalid, match="a table of numbers"):
        nearest(np.zeros(3))
