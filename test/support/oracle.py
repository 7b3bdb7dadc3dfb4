# The independent reference: evaluates NumPy expressions that the tests send, in extended precision where they ask.
#
# A request is a line of JSON and then the bytes of its arrays; an answer is a line of JSON and then bytes.
# SPDX-License-Identifier: MIT

import json
import sys

import numpy as np

LONG = np.longdouble
LONG_PI = LONG("3.14159265358979323846264338327950288419716939937510")
DTYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "i64": np.int64}
CODES = {np.dtype(dtype): code for code, dtype in DTYPES.items()} | {np.dtype(bool): "i32"}


def read_arrays(stream, descriptions):
    arrays = {}
    for item in descriptions:
        dtype = np.dtype(DTYPES[item["dtype"]])
        count = int(np.prod(item["shape"], dtype=np.int64))
        data = stream.read(count * dtype.itemsize)
        arrays[item["name"]] = np.frombuffer(data, dtype).reshape(item["shape"])
    return arrays


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def extended(value):
    return value.astype(np.int64 if value.dtype.kind == "i" else LONG)


def expected(request, arrays):
    """Per output: integers wrapped to its dtype; or the value as a float64, what that lacks in units of its last place,
    and the scale of the error."""
    names = dict(request["sizes"], np=np, LONG_PI=LONG_PI)
    for name, array in arrays.items():
        names[name] = extended(array)
    for name, scalar in request["scalars"].items():
        names[name] = int(scalar) if request["dtype"] == "i32" else LONG(scalar)
    results = as_tuple(eval(request["numpy"], names))
    scales = as_tuple(eval(request["scale"], names)) if request["scale"] else (0,)
    parts = []
    for i, (result, output) in enumerate(zip(results, request["outputs"], strict=True)):
        dtype = DTYPES[output["dtype"]]
        value = np.asarray(result)
        if value.size != int(np.prod(output["shape"], dtype=np.int64)):
            raise ValueError(f"the expression gives shape {value.shape}, the kernel writes {output['shape']}")
        if np.dtype(dtype).kind == "i":
            parts.append(value.astype(np.int64).astype(dtype))
            continue
        value = value.astype(LONG)
        high = value.astype(np.float64)
        unit = np.spacing(np.abs(high)).astype(LONG)
        low = np.where(np.isfinite(high), (value - high) / unit, 0).astype(np.float64)
        scale = scales[i if len(scales) > 1 else 0]
        parts += [high, low, np.broadcast_to(np.asarray(scale, np.float64), value.shape)]
    return [np.ascontiguousarray(part) for part in parts]


def plain(request, arrays):
    """The results in the dtypes that NumPy gives them."""
    names = dict(arrays, np=np, **request["names"])
    return [np.asarray(value) for value in as_tuple(eval(request["numpy"], names))]


def main():
    np.seterr(all="ignore")
    source, target = sys.stdin.buffer, sys.stdout.buffer
    for line in iter(source.readline, b""):
        request = json.loads(line)
        arrays = read_arrays(source, request["arrays"])
        try:
            results = (expected if request["extended"] else plain)(request, arrays)
            bodies = [np.ascontiguousarray(result, DTYPES[CODES[result.dtype]]) for result in results]
            answer = {"results": [{"dtype": CODES[b.dtype], "shape": r.shape} for b, r in zip(bodies, results)]}
        except Exception as error:
            bodies = []
            answer = {"error": f"{type(error).__name__}: {error} in {request['numpy']}"}
        target.write(json.dumps(answer).encode() + b"\n")
        for body in bodies:
            target.write(body.tobytes())
        target.flush()


main()
