"""Why a label is suspicious: contributions of columns by SHAP or LIME, and similar rows."""

from __future__ import annotations

import importlib
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dataperf.basics.wording import plural
from dataperf.errors import Invalid, Problem, Unavailable
from dataperf.records import FloatArray, IntArray
from dataperf.records.findings import Neighbours
from dataperf.records.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

#: Background rows: they replace a feature that is taken away.
BACKGROUND = 100
#: Background rows where each of them costs one prediction for every set of features.
FEW = 20
#: Rows that LIME draws around the explained row.
DRAWN = 2000
#: Maximum number of columns that a sentence names.
NAMED = 3

#: Steps of a pipeline that scale each feature separately and keep their order.
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


def shap_values(
    model: Any,
    rows: Rows,
    row: int,
    *,
    suggested: int,
    background: NDArray[np.floating] | None = None,
    summed: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how much each column supports the suggested class over the given one, by SHAP.

    Parameters
    ----------
    model
        A fitted model with ``predict_proba`` and ``classes_`` as in scikit-learn, on the features
        of ``rows``; ``classes_`` holds class ids.
    rows
        The data.
    row
        Number of the row to explain.
    suggested
        Class id that the model suggests.
    background : (b, d) array or None
        Features of background rows; None draws 100 rows.
    summed
        Whether features of the same column are summed; otherwise each is named ``column[i]``.
    seed
        Random seed.

    Returns
    -------
    DataFrame
        ``column``, ``value`` (as in the data, None for an embedding) and ``contribution``, the
        largest first. The contributions add up to the model's output for the row minus its mean
        output for the background. ``attrs`` holds the ``unit`` (``log-odds`` for linear and
        boosted models, ``probability`` for others), the ``method``, the names of both classes
        (``given``, ``suggested``), and the table in words as ``sentence``.

    Raises
    ------
    Unavailable
        If SHAP is not installed.
    Invalid
        If there is no such row, it has no label, or the model was not trained on one of the
        classes.

    Notes
    -----
    Lundberg & Lee, A unified approach to interpreting model predictions, NeurIPS 2017: exact
    for linear models and trees, estimated by weighted regression for others.
    """
    shap = _need("shap")
    given = _given(rows, row, suggested, model)
    some = _background(rows, background, seed)
    one = np.asarray(rows.features[row : row + 1], dtype=np.float64)
    last, some, one = _unscaled(model, some, one)
    sides = (_place(last, suggested), _place(last, given))
    if hasattr(last, "coef_") and hasattr(last, "intercept_"):
        weights, start = _difference(last, *sides)
        masker = shap.maskers.Independent(some, max_samples=len(some))
        each = shap.LinearExplainer((weights, start), masker).shap_values(one)[0]
        unit = "log-odds"
    elif _is_tree(last):
        found = shap.TreeExplainer(last, some).shap_values(one, check_additivity=False)
        each, unit = _of_tree(last, np.asarray(found)[0], *sides)
    else:
        margin = _margin(last, *sides)
        explainer = shap.KernelExplainer(margin, some[:FEW])
        state = np.random.get_state()  # it draws from numpy's global stream
        np.random.seed(seed)
        try:
            each = explainer.shap_values(one, silent=True)[0]
        finally:
            np.random.set_state(state)
        unit = "probability"
    return _table(rows, row, np.asarray(each), suggested, summed, "SHAP", unit)


def lime_values(
    model: Any,
    rows: Rows,
    row: int,
    *,
    suggested: int,
    background: NDArray[np.floating] | None = None,
    summed: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how much each column supports the suggested class over the given one, by LIME.

    Parameters, table and errors are those of ``shap_values``. The contributions are weights of a
    linear model that is fitted around the row. Its inputs say whether a feature lies in the same
    quarter of the background as that of the row. The contributions need not add up.

    Notes
    -----
    Ribeiro, Singh & Guestrin, "Why should I trust you?" Explaining the predictions of any
    classifier, KDD 2016.
    """
    lime = _need("lime", "lime.lime_tabular")
    given = _given(rows, row, suggested, model)
    some = _background(rows, background, seed)
    margin = _margin(model, _place(model, suggested), _place(model, given))
    explainer = lime.LimeTabularExplainer(
        some, mode="regression", feature_selection="none", random_state=seed
    )
    wide = rows.features.shape[1]
    one = np.asarray(rows.features[row], dtype=np.float64)
    found = explainer.explain_instance(one, margin, num_features=wide, num_samples=DRAWN)
    each = np.zeros(wide)
    for feature, weight in found.as_map()[1]:
        each[feature] = weight
    return _table(rows, row, each, suggested, summed, "LIME", "probability")


def neighbours_of(rows: Rows, neighbours: Neighbours, row: int) -> pd.DataFrame:
    """Return the nearest other rows of a row with their labels.

    Returns
    -------
    DataFrame
        ``row``, ``id``, ``label`` ("" where missing), ``distance``, ``agrees`` (with the row's
        label), nearest first; ``attrs`` holds the row's label as ``given``, and the table in
        words as ``sentence``.
    """
    import pandas as pd

    check_row(rows, row)
    kept = neighbours.rows[row] >= 0
    others = neighbours.rows[row][kept].astype(np.int64)
    labels = rows.labels[others]
    table = pd.DataFrame(
        {
            "row": others,
            "id": rows.ids[others],
            "label": [_name(rows, label) for label in labels],
            "distance": neighbours.distances[row][kept],
            "agrees": (labels == rows.labels[row]) & (labels >= 0),
        }
    )
    table.attrs.update(method="neighbours", given=_name(rows, rows.labels[row]))
    table.attrs["sentence"] = sentence(table)
    return table


def sentence(table: pd.DataFrame) -> str:
    """Return a table of this module as a sentence."""
    given = table.attrs["given"]
    if table.attrs["method"] == "neighbours":
        return _of_neighbours(table, given)
    suggested, unit = table.attrs["suggested"], table.attrs["unit"]
    ranked = table.sort_values("contribution", ascending=False, kind="stable")
    support = ranked[ranked["contribution"] > 0].head(NAMED)
    oppose = ranked[ranked["contribution"] < 0][::-1].head(NAMED)
    if not len(support) and not len(oppose):
        return f'No column supports "{suggested}" over "{given}" ({table.attrs["method"]}).'
    text = f"{_listed(support) if len(support) else 'No column'} "
    text += f'{"supports" if len(support) <= 1 else "support"} "{suggested}" over "{given}"'
    if len(oppose):
        text += f"; {_listed(oppose)} {'opposes' if len(oppose) == 1 else 'oppose'} it"
    return f"{text} ({table.attrs['method']}, {unit})."


def _of_neighbours(table: pd.DataFrame, given: str) -> str:
    if not len(table):
        return "There is no other row to compare with."
    counts = table.loc[table["label"] != "", "label"].value_counts(sort=True)
    most = ", ".join(
        f'{count} {"is" if count == 1 else "are"} "{name}"'
        for name, count in counts.head(NAMED).items()
    )
    agree = int(table["agrees"].sum())
    many = f"Of the {plural(len(table), 'nearest row')}"
    if not given:
        return f"{many}, {most or 'none has a label'}."
    return f'{many}, {agree} share the label "{given}"; {most or "none has a label"}.'


def _listed(part: pd.DataFrame) -> str:
    def equals(value: Any) -> str:
        if value is None:
            return ""
        return f" = {value:.4g}" if isinstance(value, float | np.floating) else f" = {value}"

    texts = [
        f"{column}{equals(value)} ({contribution:+.3f})"
        for column, value, contribution in part.itertuples(index=False)
    ]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def _table(
    rows: Rows, row: int, each: FloatArray, suggested: int, summed: bool, method: str, unit: str
) -> pd.DataFrame:
    """Return the contributions of columns, or of features, the largest first."""
    import pandas as pd

    names = np.array(rows.feature_columns, dtype=object)
    values: list[Any]
    if summed:
        columns = list(dict.fromkeys(names.tolist()))
        found = np.array([each[names == column].sum() for column in columns])
        values = [_value(rows, row, column, np.flatnonzero(names == column)) for column in columns]
    else:
        first = {column: int(np.argmax(names == column)) for column in set(names.tolist())}
        columns = [f"{column}[{at - first[column]}]" for at, column in enumerate(names.tolist())]
        found, values = each, rows.features[row].tolist()
    table = pd.DataFrame(
        {"column": columns, "value": pd.Series(values, dtype=object), "contribution": found}
    )
    order = np.argsort(-np.abs(found), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    table.attrs.update(
        method=method,
        unit=unit,
        given=_name(rows, rows.labels[row]),
        suggested=_name(rows, suggested),
    )
    table.attrs["sentence"] = sentence(table)
    return table


def _value(rows: Rows, row: int, column: str, features: IntArray) -> Any:
    """Return the value in the data, or the only feature of the column, or None (an embedding)."""
    if column in rows.frame.columns:
        return rows.frame[column].iloc[row]
    return float(rows.features[row, features[0]]) if len(features) == 1 else None


def _unscaled(model: Any, some: FloatArray, one: FloatArray) -> tuple[Any, FloatArray, FloatArray]:
    """Return the last step of a pipeline of scalers and its inputs, for which SHAP is exact."""
    steps = [step for _, step in getattr(model, "steps", [])]
    if not steps or any(type(step).__name__ not in SCALERS for step in steps[:-1]):
        return model, some, one
    for step in steps[:-1]:
        some, one = step.transform(some), step.transform(one)
    return steps[-1], np.asarray(some), np.asarray(one)


def _difference(model: Any, suggested: int, given: int) -> tuple[FloatArray, float]:
    """Return weights and intercept of the log-odds of one class against the other."""
    weights, start = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    if len(weights) == 1:  # two classes: the log-odds of the second against the first
        sign = 1.0 if suggested > given else -1.0
        return sign * weights[0], float(sign * start[0])
    return weights[suggested] - weights[given], float(start[suggested] - start[given])


def _is_tree(model: Any) -> bool:
    module = type(model).__module__
    return module.startswith(("sklearn.tree", "sklearn.ensemble", "xgboost", "lightgbm")) and (
        hasattr(model, "tree_") or hasattr(model, "_predictors") or _of_trees(model)
    )


def _of_trees(model: Any) -> bool:
    """Return whether it is an ensemble of trees that SHAP can read."""
    first = np.ravel(getattr(model, "estimators_", np.array([], dtype=object)))
    two = len(getattr(model, "classes_", ())) == 2 or not hasattr(model, "init_")
    return bool(len(first)) and hasattr(first[0], "tree_") and two


def _of_tree(model: Any, found: FloatArray, suggested: int, given: int) -> tuple[FloatArray, str]:
    """Return the difference of two classes' contributions, and their unit.

    Forests add up probabilities. Boosted trees add up log-odds; for two classes, only those of
    the second class.
    """
    if found.ndim == 1:
        return (1.0 if suggested > given else -1.0) * found, "log-odds"
    boosted = not hasattr(model, "tree_") and not hasattr(model, "estimators_")
    return found[:, suggested] - found[:, given], "log-odds" if boosted else "probability"


def _margin(model: Any, suggested: int, given: int) -> Any:
    def margin(features: FloatArray) -> FloatArray:
        predicted = np.asarray(model.predict_proba(features), dtype=np.float64)
        difference: FloatArray = predicted[:, suggested] - predicted[:, given]
        return difference

    return margin


def _background(rows: Rows, background: NDArray[np.floating] | None, seed: int) -> FloatArray:
    if background is None:
        some = np.random.default_rng(seed).permutation(len(rows))[:BACKGROUND]
        return np.asarray(rows.features[some], dtype=np.float64)
    return np.asarray(background[:BACKGROUND], dtype=np.float64)


def _place(model: Any, label: int) -> int:
    return int(np.flatnonzero(np.asarray(model.classes_) == label)[0])


def _name(rows: Rows, label: int) -> str:
    return rows.classes[label] if label >= 0 else ""


def _given(rows: Rows, row: int, suggested: int, model: Any) -> int:
    """Return the row's label; refuse a row that cannot be explained."""
    check_row(rows, row)
    given, problems = int(rows.labels[row]), []
    where = f"row {row}"
    if given < 0:
        problems.append(Problem("no-label", where, "has no label", "a row with a label"))
    for label in sorted({given, int(suggested)} - {-1}):
        if not np.isin(label, model.classes_):
            name = rows.classes[label] if label < len(rows.classes) else str(label)
            what = f'the model was not trained on class "{name}"'
            problems.append(Problem("unknown-class", where, what, f"one of {len(model.classes_)}"))
    if given == suggested:
        what = "the suggested class equals the given one"
        problems.append(Problem("same-class", where, what, "another class"))
    if problems:
        raise Invalid("row to explain", problems)
    return given


def check_row(rows: Rows, row: Any) -> None:
    """Refuse a row number that the data does not have.

    Raises
    ------
    Invalid
        If it is not a whole number, or there is no such row.
    """
    whole = isinstance(row, Integral) and not isinstance(row, bool)
    if not whole or not 0 <= row < len(rows):
        what = f"there is no row {row if whole else repr(row)}"
        expected = f"a whole number from 0 to {len(rows) - 1}"
        raise Invalid("row to explain", [Problem("no-row", "row", what, expected)])


def _need(library: str, module: str = "") -> Any:
    try:
        return importlib.import_module(module or library)
    except ImportError as error:
        raise Unavailable(
            f"{library} is not installed; an explanation needs it.\n"
            "  pip install 'dataperf[explain]'"
        ) from error
