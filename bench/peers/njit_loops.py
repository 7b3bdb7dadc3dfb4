"""The programs of ../njit as loops for Numba. `compiled` is numba.njit with the options of who takes part.

Arguments, results and the order of loops are those of the JavaScript.

SPDX-License-Identifier: MIT
"""

import math

import numpy as np
from numba import prange


@compiled
def integral2d(n):
    h = math.pi / n
    total = 0.0
    for i in prange(n):
        x = (i + 0.5) * h
        for j in range(n):
            total += math.sin(x + (j + 0.5) * h)
    return total * h * h


@compiled
def random(counter):
    bits = counter
    bits = ((bits ^ (bits >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    bits = ((bits ^ (bits >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return (bits ^ (bits >> 16)) / 4294967296.0


@compiled
def pi(n):
    inside = 0
    for i in prange(n):
        x = random(2 * i)
        y = random(2 * i + 1)
        if x * x + y * y < 1:
            inside += 1
    return 4 * inside / n


@compiled
def plate_sweep(n, before, after):
    change = 0.0
    for i in prange(1, n - 1):
        for j in range(1, n - 1):
            at = i * n + j
            mean = (before[at - n] + before[at + n] + before[at - 1] + before[at + 1]) / 4
            change = max(change, abs(mean - before[at]))
            after[at] = mean
    return change


@compiled
def plate(n, tolerance, most, even, odd):
    sweeps = 0
    change = tolerance
    while change >= tolerance and sweeps < most:
        if sweeps % 2 == 0:
            change = plate_sweep(n, even, odd)
        else:
            change = plate_sweep(n, odd, even)
        sweeps += 1
    return sweeps, change


@compiled
def energy(mass, position, velocity):
    n = mass.size
    total = 0.0
    for i in range(n):
        vx = velocity[3 * i]
        vy = velocity[3 * i + 1]
        vz = velocity[3 * i + 2]
        total += 0.5 * mass[i] * (vx * vx + vy * vy + vz * vz)
        for j in range(i + 1, n):
            dx = position[3 * i] - position[3 * j]
            dy = position[3 * i + 1] - position[3 * j + 1]
            dz = position[3 * i + 2] - position[3 * j + 2]
            total -= mass[i] * mass[j] / math.sqrt(dx * dx + dy * dy + dz * dz)
    return total


@compiled
def nbody(steps, dt, mass, position, velocity):
    n = mass.size
    before = energy(mass, position, velocity)
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = position[3 * i] - position[3 * j]
                dy = position[3 * i + 1] - position[3 * j + 1]
                dz = position[3 * i + 2] - position[3 * j + 2]
                square = dx * dx + dy * dy + dz * dz
                pull = dt / (square * math.sqrt(square))
                velocity[3 * i] -= dx * mass[j] * pull
                velocity[3 * i + 1] -= dy * mass[j] * pull
                velocity[3 * i + 2] -= dz * mass[j] * pull
                velocity[3 * j] += dx * mass[i] * pull
                velocity[3 * j + 1] += dy * mass[i] * pull
                velocity[3 * j + 2] += dz * mass[i] * pull
        for k in range(3 * n):
            position[k] += dt * velocity[k]
    return before, energy(mass, position, velocity)


@compiled
def gemm(n, alpha, beta, a, b, c):
    for i in prange(n):
        for j in range(n):
            c[i * n + j] *= beta
        for k in range(n):
            for j in range(n):
                c[i * n + j] += alpha * a[i * n + k] * b[k * n + j]


@compiled
def atax(a, x, y):
    m, n = a.shape
    sums = np.zeros(n)
    for i in prange(m):
        total = 0.0
        for j in range(n):
            total += a[i, j] * x[j]
        # Numba adds arrays of threads up as wholes only.
        sums += a[i] * total
    for j in range(n):
        y[j] = sums[j]


@compiled
def lu(n, a):
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i * n + j] -= a[i * n + k] * a[k * n + j]
            a[i * n + j] /= a[j * n + j]
        for j in range(i, n):
            for k in range(i):
                a[i * n + j] -= a[i * n + k] * a[k * n + j]


@compiled
def floyd_warshall(n, path):
    row = np.empty(n, np.int32)
    for k in range(n):
        for j in range(n):
            row[j] = path[k * n + j]
        for i in prange(n):
            first = path[i * n + k]
            for j in range(n):
                path[i * n + j] = min(path[i * n + j], first + row[j])


@compiled
def jacobi_1d(n, steps, a, b):
    for _ in range(steps):
        for i in prange(1, n - 1):
            b[i] = 0.33333 * (a[i - 1] + a[i] + a[i + 1])
        for i in prange(1, n - 1):
            a[i] = 0.33333 * (b[i - 1] + b[i] + b[i + 1])


@compiled
def jacobi_2d(steps, a, b):
    n = a.shape[0]
    for _ in range(steps):
        for i in prange(1, n - 1):
            for j in range(1, n - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in prange(1, n - 1):
            for j in range(1, n - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])


@compiled
def heat_3d_step(n, before, after):
    for i in prange(1, n - 1):
        for j in range(1, n - 1):
            for k in range(1, n - 1):
                at = (i * n + j) * n + k
                here = before[at]
                after[at] = (
                    0.125 * (before[at + n * n] - 2 * here + before[at - n * n])
                    + 0.125 * (before[at + n] - 2 * here + before[at - n])
                    + 0.125 * (before[at + 1] - 2 * here + before[at - 1])
                    + here
                )


@compiled
def heat_3d(n, steps, a, b):
    for _ in range(steps):
        heat_3d_step(n, a, b)
        heat_3d_step(n, b, a)


@compiled
def generation(n, before, after):
    for i in prange(n):
        above = ((i + n - 1) % n) * n
        here = i * n
        below = ((i + 1) % n) * n
        for j in range(n):
            left = n - 1 if j == 0 else j - 1
            right = 0 if j == n - 1 else j + 1
            neighbours = (
                before[above + left]
                + before[above + j]
                + before[above + right]
                + before[here + left]
                + before[here + right]
                + before[below + left]
                + before[below + j]
                + before[below + right]
            )
            after[i * n + j] = 1 if neighbours == 3 or (neighbours == 2 and before[i * n + j] == 1) else 0


@compiled
def life(n, generations, cells, others):
    for _ in range(0, generations, 2):
        generation(n, cells, others)
        generation(n, others, cells)


@compiled
def mandelbrot(n, limit, counts):
    for row in prange(n):
        y = -1.25 + (row + 0.5) * 2.5 / n
        for column in range(n):
            x = -2 + (column + 0.5) * 2.5 / n
            re, im = 0.0, 0.0
            count = 0
            while count < limit and re * re + im * im <= 4:
                re, im = re * re - im * im + x, 2 * re * im + y
                count += 1
            counts[row * n + column] = count


@compiled
def arc_distance(latitude1, longitude1, latitude2, longitude2, angles):
    for i in prange(angles.size):
        down = math.sin((latitude2[i] - latitude1[i]) / 2)
        across = math.sin((longitude2[i] - longitude1[i]) / 2)
        part = down * down + math.cos(latitude1[i]) * math.cos(latitude2[i]) * across * across
        angles[i] = 2 * math.atan2(math.sqrt(part), math.sqrt(1 - part))


@compiled
def normal(d):
    k = 1 / (1 + 0.2316419 * abs(d))
    total = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    tail = 0.3989422804014327 * math.exp(-0.5 * d * d) * total
    return 1 - tail if d > 0 else tail


@compiled
def black_scholes(rate, volatility, price, strike, years, call, put):
    for i in prange(price.size):
        spread = volatility * math.sqrt(years[i])
        d1 = (math.log(price[i] / strike[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / spread
        d2 = d1 - spread
        later = strike[i] * math.exp(-rate * years[i])
        call[i] = price[i] * normal(d1) - later * normal(d2)
        put[i] = later * normal(-d2) - price[i] * normal(-d1)


@compiled
def softmax(rows, columns, x, out):
    for i in prange(rows):
        most = -math.inf
        for j in range(columns):
            most = max(most, x[i * columns + j])
        total = 0.0
        for j in range(columns):
            power = math.exp(x[i * columns + j] - most)
            out[i * columns + j] = power
            total += power
        for j in range(columns):
            out[i * columns + j] /= total


@compiled
def azimint(data, radius, means):
    rings = means.size
    outer = 0.0
    for i in range(radius.size):
        outer = max(outer, radius[i])
    for ring in prange(rings):
        low = outer * ring / rings
        high = outer * (ring + 1) / rings
        total = 0.0
        count = 0
        for i in range(radius.size):
            if radius[i] >= low and radius[i] < high:
                total += data[i]
                count += 1
        means[ring] = total / count if count > 0 else 0.0


@compiled
def go_fast(a, out):
    m, n = a.shape
    trace = 0.0
    for i in range(m):
        trace += math.tanh(a[i, i])
    for i in prange(m):
        for j in range(n):
            out[i, j] = a[i, j] + trace


@compiled
def crc16(data):
    crc = 0xFFFF
    for i in range(data.size):
        crc ^= data[i]
        for _ in range(8):
            if crc & 1:
                crc = (crc >> 1) ^ 0x8408
            else:
                crc >>= 1
    return crc ^ 0xFFFF


@compiled
def quicksort(a, low, high):
    if low >= high:
        return
    pivot = a[(low + high) >> 1]
    i = low
    j = high
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            a[i], a[j] = a[j], a[i]
            i += 1
            j -= 1
    quicksort(a, low, j)
    quicksort(a, i, high)
