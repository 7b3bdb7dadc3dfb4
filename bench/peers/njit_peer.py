"""The programs of ../njit by Numba and in C: JSON lines as described in ../serve.mjs, files as in ../njit/job.mjs.

`how` says who works: 'numba', 'numba parallel', 'numba fastmath', 'numba parallel fastmath', or 'c FILE', a shared
library made of njit_programs.c.

SPDX-License-Identifier: MIT
"""

import ctypes
import functools
import importlib.util
import json
import os
import sys
import warnings
from time import perf_counter

import numba
import numpy as np
from peer import Contender, main

LOOPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "njit_loops.py")


# A function around a parallel one has nothing parallel of its own; this is meant to be so.
warnings.simplefilter("ignore", numba.NumbaPerformanceWarning)


class Array(ctypes.Structure):
    """`array` of njit_programs.c."""

    _fields_ = [("cells", ctypes.c_void_p), ("shape", ctypes.c_int64 * 2)]


def c_value(arg):
    if isinstance(arg, np.ndarray):
        return Array(arg.ctypes.data, arg.shape)
    return ctypes.c_double(arg) if isinstance(arg, float) else ctypes.c_int64(arg)


def c_call(library, name, args, returns):
    """The function, called with its arguments; what it returns as a list."""
    function = getattr(ctypes.CDLL(library), name)
    function.restype = None
    result = np.empty(returns)
    values = [*map(c_value, args), ctypes.c_void_p(result.ctypes.data)]

    def run():
        function(*values)
        return result.tolist()

    return run


@functools.cache
def numba_loops(how):
    """The loops, each compiled when it is called first."""
    options = {word: True for word in how.split()[1:]}
    name = how.replace(" ", "_") + "_loops"
    spec = importlib.util.spec_from_file_location(name, LOOPS)
    loops = importlib.util.module_from_spec(spec)
    loops.compiled = numba.njit(**options)
    # Numba finds a function that calls itself by its module's name.
    sys.modules[name] = loops
    spec.loader.exec_module(loops)
    return loops


def load(path):
    """Name, arguments, which of them are written to, and how many numbers are returned."""
    with open(f"{path}.json") as file:
        job = json.load(file)

    def argument(arg):
        if not isinstance(arg, dict):
            return arg
        count = int(np.prod(arg["shape"]))
        cells = np.fromfile(f"{path}.bin", arg["dtype"], count, offset=arg["offset"])
        return cells.reshape(arg["shape"])

    return job["name"], [argument(arg) for arg in job["args"]], job["outputs"], job["returns"]


class Call:
    def __init__(self, path, how):
        # C knows the arrays by their addresses only: they must outlive this.
        name, self.args, outputs, returns = load(path)
        self.outputs = [self.args[i] for i in outputs]
        self.start = [output.copy() for output in self.outputs]
        if how.startswith("c "):
            self.run = c_call(how[2:], name, self.args, returns)
        else:
            function = getattr(numba_loops(how), name)
            self.run = lambda: function(*self.args)

    def seconds(self):
        """Of one call, on arguments as they were at the start."""
        for output, start in zip(self.outputs, self.start):
            output[...] = start
        begin = perf_counter()
        self.returned = self.run()
        return perf_counter() - begin

    def result(self):
        returned = [] if self.returned is None else self.returned
        parts = [np.atleast_1d(np.asarray(returned, "f8")), *map(np.ravel, self.outputs)]
        return np.concatenate(parts).astype("f8")


class Programs(Contender):
    def prepare(self, id, work, how, **_):
        call = Call(work, how)
        first = call.seconds()
        result = call.result()
        result.tofile(f"{work}.{id}.out")
        self.prepared[id] = call
        return {"checksum": float(result.sum()), "seconds": call.seconds(), "first": first}

    def time(self, id, samples, calls):
        call = self.prepared[id]
        return {"seconds": [sum(call.seconds() for _ in range(calls)) / calls for _ in range(samples)]}

    def release(self):
        self.prepared.clear()
        return {}


main(Programs())
