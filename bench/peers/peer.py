"""NumPy and Numba as contenders: JSON lines as described in ../serve.mjs.

`how` says who works: 'numpy out', 'numpy new', 'numba', 'numba fastmath', 'numba parallel', or 'c++ FILE', a shared
library made of vector-sin.cpp. Thread counts come from the environment, one process each.

SPDX-License-Identifier: MIT
"""

import ctypes
import functools
import json
import os
import sys
from time import perf_counter

import numba
import numpy as np
from numba import njit, prange


@functools.cache
def spread(shape, high, seed):
    """The same numbers as spread() in ../works.mjs. Contenders share them: there may be no memory for one set each."""
    values = (np.arange(np.prod(shape)) + seed) * 0.6180339887498949 % 1 * high
    return values.reshape(shape)


@functools.cache
def compiled(how, serial):
    """`serial` as Numba users compile it."""
    options = {
        "numba": {},
        "numba fastmath": {"fastmath": True},
        "numba parallel": {"fastmath": True, "parallel": True},
    }[how]
    return njit(**options)(serial)


def loop_integral2d(n):
    h = np.pi / n
    total = 0.0
    for i in prange(n):
        x = h * (i + 0.5)
        row = 0.0
        for j in range(n):
            row += np.sin(x + h * (j + 0.5))
        total += row
    return total * h * h


def loop_sin(x, out):
    for i in prange(x.size):
        out[i] = np.sin(x[i])


def loop_add(x, y, out):
    for i in prange(x.size):
        out[i] = x[i] + y[i]


def loop_axpy(a, x, y):
    for i in prange(x.size):
        y[i] += a * x[i]


def loop_sum(x):
    total = 0.0
    for i in prange(x.size):
        total += x[i]
    return total


def rows_integral2d(n):
    """Row by row, in place: the whole grid would take 800 MB."""
    h = np.pi / n
    grid = h * (np.arange(n) + 0.5)
    row = np.empty(n)
    total = 0.0
    for x in grid:
        np.add(grid, x, out=row)
        np.sin(row, out=row)
        total += row.sum()
    return total * h * h


def prepare_integral2d(n, how):
    if how.startswith("c++"):
        function = ctypes.CDLL(how[4:]).integral2d
        function.restype = ctypes.c_double
        return lambda: function(n), float
    function = rows_integral2d if how.startswith("numpy") else compiled(how, loop_integral2d)
    return lambda: function(n), float


def prepare_map(ufunc, loop, inputs, how):
    out = np.empty_like(inputs[0])
    if how == "numpy new":
        return lambda: ufunc(*inputs), np.sum
    if how == "numpy out":
        return lambda: ufunc(*inputs, out=out), np.sum
    function = compiled(how, loop)
    return lambda: function(*inputs, out), lambda _: out.sum()


def prepare_sin(n, how):
    return prepare_map(np.sin, loop_sin, [spread(n, 10, 0)], how)


def prepare_add(n, how):
    return prepare_map(np.add, loop_add, [spread(n, 1, 0), spread(n, 1, 1)], how)


def prepare_sum(n, how):
    x = spread(n, 1, 0)
    function = np.sum if how.startswith("numpy") else compiled(how, loop_sum)
    return lambda: function(x), float


def prepare_axpy(n, how):
    x, y = spread(n, 1, 0), np.full(n, 0.7)
    if how.startswith("numpy"):
        product = np.empty_like(x)

        def run():
            np.multiply(x, 1.5, out=product)
            np.add(y, product, out=y)

        return run, lambda _: y.sum()
    function = compiled(how, loop_axpy)
    return lambda: function(1.5, x, y), lambda _: y.sum()


def prepare_matmul(n, how):
    a, b, out = spread((n, n), 1, 1), spread((n, n), 1, 2), np.empty((n, n))
    if how == "numpy new":
        return lambda: a @ b, np.sum
    return lambda: np.matmul(a, b, out=out), np.sum


def mean_seconds(run, calls):
    begin = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - begin) / calls


def warm_up(run):
    """Calls until it is warm; the seconds of the last call."""
    seconds, calls = mean_seconds(run, 1), 1
    spent = seconds
    while spent < 0.05:
        seconds = mean_seconds(run, calls)
        spent += seconds * calls
        calls *= 2
    return seconds


def blas_version():
    blas = np.show_config("dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def about():
    variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"]
    return {
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "numba": numba.__version__,
        "blas": blas_version(),
        "environment": {name: os.environ.get(name) for name in variables},
    }


class Contender:
    def __init__(self):
        self.prepared = {}

    def prepare(self, id, work, n, how, **_):
        run, value = globals()[f"prepare_{work}"](n, how)
        checksum = float(value(run()))
        self.prepared[id] = run
        return {"checksum": checksum, "seconds": warm_up(run)}

    def time(self, id, samples, calls):
        return {"seconds": [mean_seconds(self.prepared[id], calls) for _ in range(samples)]}

    def release(self):
        self.prepared.clear()
        spread.cache_clear()
        return {}

    def about(self):
        return {"about": about()}

    def answer(self, op, **request):
        return getattr(self, op)(**request)


def main(contender):
    for line in sys.stdin:
        try:
            reply = contender.answer(**json.loads(line))
        except Exception as error:  # every failure is a result here
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main(Contender())
