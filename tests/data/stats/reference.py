"""Writes reference.json: what SciPy says of a few small samples. See PROVENANCE.md."""

import csv
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import special, stats

PAPER = Path(__file__).parent.parent / "paper"
LEVELS = [0.9, 0.95, 0.99]


def path(column, number):
    with open(PAPER / "evolution_paths_unrounded.csv") as unrounded, \
            open(PAPER / "evolution_paths.csv") as printed:
        rows = zip(csv.DictReader(unrounded), csv.DictReader(printed))
        rows = [(a, b) for a, b in rows if a["path"] == str(number)]
    assert all((a["path"], a["generation"]) == (b["path"], b["generation"]) for a, b in rows)
    return [float(a[column]) for a, _ in rows], [float(b["merge_gain"]) for _, b in rows]


def samples():
    yield "path 1, pcc", *path("pcc", 1)
    yield "path 1, ed", *path("ed", 1)
    yield "path 2, pcc", *path("pcc", 2)
    yield "ties", [1, 1, 2, 2, 2, 3, 4, 4, 5, 5], [2, 1, 2, 2, 4, 3, 3, 5, 5, 5]
    yield "ties in x only", [0, 0, 0, 1, 1, 1, 2, 2], [0.1, 1.4, 0.7, 2.2, 0.9, 1.1, 3.0, 1.9]
    yield "three", [1.0, 2.0, 4.0], [1.5, 1.0, 3.0]
    yield "four", [1.0, 2.0, 4.0, 3.0], [1.5, 1.0, 3.0, 2.75]
    yield "seven", [0.98, 0.91, 0.85, 0.6, 0.42, 0.2, 0.03], [0.1, -0.3, 0.5, 0.45, 1.3, 0.2, 2.9]
    yield "seven with ties", [1, 1, 2, 3, 3, 3, 4], [1, 2, 2, 2, 3, 1, 3]
    yield "outlier", [0, 1, 2, 3, 4, 5, 6, 7, 8], [0.1, 1.2, 1.9, 3.1, 3.8, 5.2, 5.9, 30.0, 8.1]
    yield "far from zero", [1e6 + v for v in (0.5, 1, 2, 3.5, 4, 6)], [7e3 + v for v in (1, 0, 2, 5, 3, 4)]


def t_reach(level, freedom):
    """stats.t.ppf is good to nine digits only; the inverse of the beta function to all."""
    h = special.betaincinv(freedom / 2, 0.5, 1 - level)
    return np.sqrt(freedom * (1 / h - 1))


def bands(x, y):
    """By the normal equations, in matrix form."""
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    freedom = len(x) - 2
    s2 = float(np.sum((y - design @ coefficients) ** 2) / freedom)
    out = []
    for at in [x.min() - 1, float(np.median(x)), x.max() + 0.25]:
        row = np.array([1.0, at])
        value, share = float(row @ coefficients), float(row @ inverse @ row)
        for level in LEVELS:
            t = t_reach(level, freedom)
            line, point = t * np.sqrt(s2 * share), t * np.sqrt(s2 * (1 + share))
            out.append({"x": float(at), "level": level,
                        "confidence": [value - line, value + line],
                        "prediction": [value - point, value + point]})
    return float(np.sqrt(s2)), out


def studentised(x, y):
    """Each point against the line of all others."""
    out = []
    for k in range(len(x)):
        rest = np.arange(len(x)) != k
        xs, ys = x[rest], y[rest]
        line = stats.linregress(xs, ys)
        s2 = np.sum((ys - line.intercept - line.slope * xs) ** 2) / (len(xs) - 2)
        sxx = np.sum((xs - xs.mean()) ** 2)
        error = np.sqrt(s2 * (1 + 1 / len(xs) + (x[k] - xs.mean()) ** 2 / sxx))
        out.append(float((y[k] - line.intercept - line.slope * x[k]) / error))
    return out


def permutation(x, y):
    """All pairings; no p-value of SciPy's own is asked for, as its two-sided one is another."""
    if len(x) > 8:
        return None
    test = stats.permutation_test(
        (y,), lambda y: abs(stats.pearsonr(x, y)[0]), permutation_type="pairings",
        alternative="greater", n_resamples=np.inf, vectorized=False)
    return float(test.pvalue)


def describe(name, x, y):
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    r, spearman, line = stats.pearsonr(x, y), stats.spearmanr(x, y), stats.linregress(x, y)
    theil = stats.theilslopes(y, x, 0.95, method="joint")
    s, band = bands(x - x.mean(), y) if name == "far from zero" else bands(x, y)
    shift = float(x.mean()) if name == "far from zero" else 0.0
    fisher = [[level, *map(float, r.confidence_interval(level))] for level in LEVELS]
    return {
        "name": name, "x": x.tolist(), "y": y.tolist(),
        "pearson": [float(r.statistic), float(r.pvalue)],
        "spearman": [float(spearman.correlation), float(spearman.pvalue)],
        "fisher": fisher if len(x) > 3 else [],
        "line": {"slope": line.slope, "intercept": line.intercept, "p": line.pvalue,
                 "slope_error": line.stderr, "residual": s},
        "bands": [{**b, "x": b["x"] + shift} for b in band],
        "theil_sen": {"slope": theil.slope, "intercept": theil.intercept,
                      "low": theil.low_slope, "high": theil.high_slope},
        "studentised": studentised(x, y) if len(x) > 4 else [],
        "permutation_p": permutation(x, y),
    }


def bootstrap():
    """Every one of the 6^6 samples that can be drawn, so without chance. The quantiles asked
    for lie four standard errors of a share over 20 000 draws to either side of 5 and 95 %."""
    x, y = np.array([0.1, 0.4, 0.5, 0.7, 0.9, 1.0]), np.array([2.0, 1.1, 1.9, 1.6, 0.2, 1.2])
    values, undefined = [], 0
    for places in itertools.product(range(6), repeat=6):
        xs, ys = x[list(places)], y[list(places)]
        if np.ptp(xs) == 0 or np.ptp(ys) == 0:
            undefined += 1
        else:
            values.append(np.corrcoef(xs, ys)[0, 1])
    error = np.sqrt(0.05 * 0.95 / 20_000)
    shares = [q + k * error for q in (0.05, 0.95) for k in (-4, 4)]
    return {"x": x.tolist(), "y": y.tolist(), "samples": 6 ** 6, "undefined": undefined,
            "quantiles": [float(np.quantile(values, share)) for share in shares]}


def many(n):
    """A sample of n points by a formula that any language can follow."""
    k = np.arange(n, dtype=np.int64)
    x, noise = (k * 7919) % 1009, (k * k * 31 + k * 17) % 2003
    x, y = x.astype(float), x * 0.25 + noise
    r, s = stats.pearsonr(x, y), stats.spearmanr(x, y)
    line = stats.linregress(x, y)
    t = t_reach(0.95, n - 2)
    return {"n": n, "pearson": [float(r.statistic), float(r.pvalue)],
            "spearman": [float(s.correlation), float(s.pvalue)],
            "slope_interval": [line.slope - t * line.stderr, line.slope + t * line.stderr]}


reference = {
    "made_with": f"SciPy {scipy.__version__}, NumPy {np.__version__}, "
                 f"Python {sys.version.split()[0]}",
    "samples": [describe(*sample) for sample in samples()],
    "bootstrap": bootstrap(),
    "many": [many(n) for n in (100, 1_000, 10_000, 100_000)],
}


def lines(value, deep):
    """JSON with one line for each part of the first levels."""
    if deep == 0 or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {lines(part, deep - 1)}" for key, part in value.items()]
        return "{\n" + ",\n".join(parts) + "\n}"
    return "[\n" + ",\n".join(lines(part, deep - 1) for part in value) + "\n]"


(Path(__file__).parent / "reference.json").write_text(lines(reference, 2) + "\n")
