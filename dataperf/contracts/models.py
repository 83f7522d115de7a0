"""Contracts of fixed models and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from dataperf.records import FloatArray, IntArray


class FixedModel(Protocol):
    """``fixed_models/NAME.py``: a model and its training recipe; imports nothing of dataperf.

    Examples
    --------
    >>> import numpy as np
    >>> from dataperf import registry
    >>> model = registry.load("fixed_models", "logistic_v1")
    >>> features, labels = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> fitted = model.fit(features, labels, classes=2, seeds=[7, 8])
    >>> model.predict(fitted, np.array([[-1.0], [4.0]]))
    array([[0, 1],
           [0, 1]])
    """

    def fit(
        self, features: FloatArray, labels: IntArray, *, classes: int, seeds: Sequence[int]
    ) -> Any:
        """Train once for every seed.

        Parameters
        ----------
        features : (n, d) array of float64
            Training rows.
        labels : (n,) array of int
            Class ids in ``range(classes)``. Some classes may have no row.
        classes : int
            Number of classes.
        seeds : sequence of int
            One model is trained for each. The same seed gives the same model, on any number of
            threads.

        Returns
        -------
        object
            Whatever ``predict`` and ``size`` need.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf import registry
        >>> model = registry.load("fixed_models", "knn_v1")
        >>> fitted = model.fit(np.eye(2), np.array([0, 1]), classes=2, seeds=[0])
        >>> model.predict(fitted, np.eye(2))
        array([[0, 1]])
        """

    def predict(self, fitted: Any, features: FloatArray) -> NDArray[Any]:
        """Predict the class of every row, once for every seed.

        Parameters
        ----------
        fitted : object
            What ``fit`` returned.
        features : (rows, d) array of float64
            Test rows.

        Returns
        -------
        (seeds, rows) array of int
            Class ids; only classes that the training labels have.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf import registry
        >>> model = registry.load("fixed_models", "logistic_v1")
        >>> fitted = model.fit(np.eye(3), np.array([0, 1, 2]), classes=3, seeds=[0])
        >>> model.predict(fitted, np.eye(3)).shape
        (1, 3)
        """

    def size(self, fitted: Any) -> int:
        """Return the size of the learned parameters.

        Parameters
        ----------
        fitted : object
            What ``fit`` returned.

        Returns
        -------
        int
            Bytes, more than 0.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf import registry
        >>> model = registry.load("fixed_models", "logistic_v1")
        >>> model.size(model.fit(np.eye(2), np.array([0, 1]), classes=2, seeds=[0]))
        80
        """

    def era(self) -> str:
        """Return a name for the numeric behaviour of the installed libraries.

        Results with different names are never ranked together.

        Returns
        -------
        str
            A constant where no release of a library can change a prediction.

        Examples
        --------
        >>> from dataperf import registry
        >>> registry.load("fixed_models", "logistic_v1").era()
        'float64, converged'
        """


class FixedModelExtras(Protocol):
    """What a fixed model may also offer."""

    def fit_series(
        self,
        features: FloatArray,
        label_sets: Sequence[IntArray],
        *,
        classes: int,
        seeds: Sequence[int],
    ) -> Any:
        """Train on many labellings of the same rows, faster than ``fit`` on each.

        Parameters
        ----------
        features : (n, d) array of float64
            Training rows.
        label_sets : sequence of (n,) array of int
            One labelling for each model.
        classes : int
            Number of classes.
        seeds : sequence of int
            As in ``fit``.

        Returns
        -------
        iterable of object
            What ``fit`` would return for each labelling, equal to the last bit.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf import registry
        >>> model = registry.load("fixed_models", "knn_v1")
        >>> two = [np.array([0, 1]), np.array([1, 0])]
        >>> series = model.fit_series(np.eye(2), two, classes=2, seeds=[0])
        >>> [model.predict(each, np.eye(2)).tolist() for each in series]
        [[[0, 1]], [[1, 0]]]
        """

    def example(self) -> dict[str, Any]:
        """Return input that ``check-plugins`` tries the model on.

        Returns
        -------
        dict
            ``features``, ``labels`` and ``classes`` as ``fit`` takes them, and ``test``, rows to
            predict.

        Examples
        --------
        >>> from dataperf import registry
        >>> sorted(registry.load("fixed_models", "rater_agreement_v1").example())
        ['classes', 'features', 'labels', 'test']
        """


class CountMetric(Protocol):
    """``metrics/NAME.py``: one number from confusion matrices. Its intervals are fast.

    Offer ``from_counts`` where the metric depends only on the confusion matrix, else ``score``
    (`RowMetric`). If a metric offers both, ``from_counts`` is used and both must agree.

    Attributes
    ----------
    higher_is_better : bool
        Whether a higher value ranks first.

    Examples
    --------
    >>> from dataperf.metrics import accuracy
    >>> accuracy.higher_is_better
    True
    """

    higher_is_better: bool

    def from_counts(self, counts: NDArray[Any]) -> FloatArray:
        """Return the metric of each confusion matrix.

        Parameters
        ----------
        counts : (..., k, k) array of int or float
            Number of rows by true class (rows) and predicted class (columns).

        Returns
        -------
        (...) array of float
            nan where the metric is not defined.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.metrics import accuracy
        >>> accuracy.from_counts(np.array([[[3, 1], [0, 4]], [[0, 0], [0, 0]]]))
        array([0.875,   nan])
        """


class RowMetric(Protocol):
    """``metrics/NAME.py``: one number from the true and the predicted class of every row.

    Attributes
    ----------
    higher_is_better : bool
        Whether a higher value ranks first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> hits = SimpleNamespace(
    ...     higher_is_better=True,
    ...     score=lambda truth, predicted, *, classes: float((truth == predicted).sum()),
    ... )
    >>> import numpy as np
    >>> from dataperf.statistics import score_of
    >>> score_of(hits, np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2)
    2.0
    """

    higher_is_better: bool

    def score(self, truth: IntArray, predicted: IntArray, *, classes: int) -> float:
        """Return the metric of one line of predictions.

        Parameters
        ----------
        truth, predicted : (n,) array of int
            Class ids in ``range(classes)``.
        classes : int
            Number of classes.

        Returns
        -------
        float
            nan where the metric is not defined.

        Examples
        --------
        >>> import numpy as np
        >>> def score(truth, predicted, *, classes):
        ...     return float(np.mean(truth == predicted)) if len(truth) else float("nan")
        >>> score(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), classes=2)
        0.75
        """


#: A metric offers ``from_counts`` or ``score``; ``dataperf.statistics.score_of`` calls either.
Metric = CountMetric | RowMetric


class MetricExtras(Protocol):
    """What a metric may also offer, to make the intervals of long series fast."""

    def row_scores(self, truth: IntArray, predicted: IntArray) -> FloatArray:
        """Return one number for each row, for a metric that is their mean.

        Parameters
        ----------
        truth : (rows,) array of int
            True class ids.
        predicted : (..., rows) array of int
            Predicted class ids, one line for each seed.

        Returns
        -------
        (..., rows) array of float64
            Numbers whose mean over rows is the metric.

        Examples
        --------
        >>> import numpy as np
        >>> from dataperf.metrics import accuracy
        >>> accuracy.row_scores(np.array([0, 1]), np.array([[0, 0], [0, 1]]))
        array([[1., 0.],
               [1., 1.]])
        """
