"""Reference values for lib/statistics, by SciPy and statsmodels: prints JSON.

    python test/lib/statistics/reference.py > test/lib/statistics/reference.json
"""
import itertools
import json
import sys

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20240)


def student():
    central = [{"t": t, "freedom": f, "central": float(1 - 2 * stats.t.sf(t, f))} for f in (1, 2, 3, 4, 5, 9, 10, 30, 101) for t in (0.0, 0.1, 0.7, 1.5, 2.0, 4.303, 12.0)]
    quantile = [{"level": level, "freedom": f, "t": float(stats.t.ppf((1 + level) / 2, f))} for f in (1, 2, 3, 4, 5, 9, 10, 30, 101) for level in (0.5, 0.9, 0.95, 0.99, 0.999)]
    tests = []
    for n, centre in ((2, 0.0), (3, 0.0), (5, -0.3), (8, 1.0), (12, 0.0)):
        values = rng.normal(0.5, 1.5, n).round(3)
        test = stats.ttest_1samp(values, centre)
        interval = test.confidence_interval(0.95)
        tests.append({
            "values": values.tolist(), "centre": centre, "twoSided": float(test.pvalue),
            "above": float(stats.ttest_1samp(values, centre, alternative="greater").pvalue),
            "below": float(stats.ttest_1samp(values, centre, alternative="less").pvalue),
            "interval": [float(interval.low), float(interval.high)], "deviation": float(values.std(ddof=1)),
        })
    return {"central": central, "quantile": quantile, "tests": tests}


def normal():
    xs = [-8.5, -5.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.96, 4.0, 7.0]
    ps = [1e-12, 1e-6, 0.001, 0.025, 0.31, 0.5, 0.9, 0.975, 0.99999]
    return {"distribution": [{"x": x, "p": float(stats.norm.cdf(x))} for x in xs], "quantile": [{"p": p, "x": float(stats.norm.ppf(p))} for p in ps]}


def bootstrap():
    """Intervals that SciPy makes of given resampled means, so that the comparison has no noise."""
    cases = []
    for n, level in ((3, 0.95), (5, 0.95), (10, 0.9)):
        values = rng.gamma(2.0, 1.5, n).round(3)
        means = rng.choice(values, size=(99, n)).mean(axis=1)
        case = {"values": values.tolist(), "means": means.tolist(), "level": level}
        for method, name in (("percentile", "percentile"), ("BCa", "bca")):
            # SciPy takes over a distribution that it finds in an earlier result.
            earlier = type("Earlier", (), {"bootstrap_distribution": means})()
            interval = stats.bootstrap((values,), np.mean, n_resamples=0, method=method, confidence_level=level, bootstrap_result=earlier).confidence_interval
            case[name] = [float(interval.low), float(interval.high)]
        cases.append(case)
    return cases


def sign_flip():
    cases = []
    for values in ([0.4, 0.1, 0.7], [0.5, -0.2, 0.3, 0.9, -0.1], [1.0, 1.0, -1.0, 2.0, 0.0, 3.0], rng.normal(0.4, 1, 10).round(3).tolist()):
        def p(alternative):
            zeros = np.zeros(len(values))
            return float(stats.permutation_test((np.array(values), zeros), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True, n_resamples=np.inf, alternative=alternative).pvalue)
        cases.append({"values": values, "above": p("greater"), "below": p("less")})
    return cases


def ranks_statistic(rows):
    return sum(float(np.dot(stats.rankdata(row), np.arange(1, len(row) + 1))) for row in rows)


def trend():
    cases = []
    for seeds, places in ((2, 3), (3, 4), (5, 4), (3, 6), (4, 7)):
        values = (rng.normal(0, 1, (seeds, places)) + 0.4 * np.arange(places)).round(4)
        up = stats.page_trend_test(values, method="exact")
        down = stats.page_trend_test(values[:, ::-1], method="exact")
        correlation = float(np.mean([stats.spearmanr(row, np.arange(places)).statistic for row in values]))
        cases.append({"values": values.tolist(), "statistic": float(up.statistic), "rises": float(up.pvalue), "falls": float(down.pvalue), "correlation": correlation, "by": "scipy.stats.page_trend_test"})
    for values in ([[1, 1, 2], [1, 2, 2], [3, 1, 3]], [[1, 2, 2, 5], [4, 4, 4, 4], [1, 3, 2, 3]]):
        seen = ranks_statistic(values)
        null = [sum(orders) for orders in itertools.product(*[[ranks_statistic([order]) for order in itertools.permutations(row)] for row in values])]
        null = np.array(null)
        cases.append({"values": values, "statistic": seen, "rises": float(np.mean(null >= seen - 1e-9)), "falls": float(np.mean(null <= seen + 1e-9)), "by": "enumeration of all orders, ties at their mean rank"})
    return cases


def holm():
    try:
        from statsmodels import __version__ as version
        from statsmodels.stats.multitest import multipletests
    except ImportError:
        return None
    lists = [[0.04], [0.01, 0.04, 0.03], [0.2, 0.001, 0.5, 0.01, 0.01], [0.9, 0.8, 0.02, 0.02]]
    return {"version": version, "cases": [{"p": ps, "adjusted": multipletests(ps, method="holm")[1].tolist()} for ps in lists]}


json.dump({
    "provenance": f"test/lib/statistics/reference.py; SciPy {scipy.__version__}, NumPy {np.__version__}",
    "student": student(), "normal": normal(), "bootstrap": bootstrap(), "signFlip": sign_flip(), "trend": trend(), "holm": holm(),
}, sys.stdout, indent=1)
