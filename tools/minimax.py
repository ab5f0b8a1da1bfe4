"""Minimax polynomials for codegen/cpu/math: Remez exchange, then coefficients rounded to f32 one after the other.

    python3 tools/minimax.py            prints the tables of math/*.cpp with their largest weighted errors

Rounding one coefficient and fitting the others again, lowest power first, loses almost nothing; rounding all at once
loses a digit. Needs mpmath.
"""

import struct
import sys

from mpmath import cos, erf, erfc, exp, linspace, log, log1p, lu_solve, matrix, mp, mpf, pi, sin, sqrt, tanh

mp.dps = 40


def f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def remez(f, weight, powers, lo, hi, steps=12):
    """Coefficients c with max |weight(x) (f(x) - sum c_k x^powers[k])| smallest on [lo, hi], and that maximum."""
    n = len(powers) + 1
    xs = [(lo + hi) / 2 - (hi - lo) / 2 * cos(pi * (i + mpf(1) / 2) / n) for i in range(n)]
    grid = linspace(lo, hi, 60 * n)
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(steps):
        a, b = matrix(n, n), matrix(n, 1)
        for i, x in enumerate(xs):
            for k, p in enumerate(powers):
                a[i, k] = x**p
            a[i, n - 1] = (-1) ** i / weight(x)
            b[i] = f(x)
        c = list(lu_solve(a, b))[:-1]
        error = [(w * (y - sum(ck * x**p for ck, p in zip(c, powers))), x) for x, y, w in values]
        # One extremum in each run of one sign; keep the n largest neighbours.
        peaks = []
        for e, x in error:
            if peaks and (e > 0) == (peaks[-1][0] > 0):
                if abs(e) > abs(peaks[-1][0]):
                    peaks[-1] = (e, x)
            else:
                peaks.append((e, x))
        while len(peaks) > n:
            peaks.pop(0 if abs(peaks[0][0]) < abs(peaks[-1][0]) else -1)
        if len(peaks) < n:
            break
        xs = [x for _, x in peaks]
    return c, max(abs(e) for e, _ in error)


def rounded(f, weight, powers, lo, hi):
    """The same with coefficients that are f32."""
    fixed = {}
    powers = list(powers)
    rest = lambda x: f(x) - sum(c * x**p for p, c in fixed.items())
    left = list(powers)
    while left:
        c, _ = remez(rest, weight, left, mpf(lo), mpf(hi))
        fixed[left.pop(0)] = f32(c[0])
    error = max(abs(weight(x) * rest(x)) for x in linspace(mpf(lo), mpf(hi), 2000))
    return [fixed[p] for p in powers], error


def table(name, f, weight, powers, lo, hi):
    c, error = rounded(f, weight, powers, lo, hi)
    print(f"// {name}: powers {list(powers)} on [{float(lo):g}, {float(hi):g}], weighted error {float(error):.2g}")
    print("{" + ", ".join(float(x).hex() if "--hex" in sys.argv else f"{float(x):.9g}f" for x in c) + "}\n")


if __name__ == "__main__":
    ln2 = log(mpf(2))
    tiny = mpf(2) ** -40
    away = lambda g, limit: lambda x: limit if abs(x) < tiny else g(x)  # removable singularities

    # exp(r) = 1 + r + r^2 q(r), most exact below 1, where a place is half as large
    q = away(lambda r: (exp(r) - 1 - r) / r**2, mpf(1) / 2)
    table("exp", q, lambda r: r**2 * exp(-5 * r) + mpf("1e-12"), range(0, 5), -ln2 / 2 * 1.001, ln2 / 2 * 1.001)
    # exp2(r) = 1 + r q(r)
    table("exp2", away(lambda r: (2**r - 1) / r, ln2), lambda r: abs(r) * 2**-r + mpf("1e-12"), range(0, 6), -0.5005, 0.5005)
    # tanh(x) = x + x^3 q(x^2)
    table("tanh", away(lambda u: (tanh(sqrt(u)) / sqrt(u) - 1) / u, -mpf(1) / 3),
          lambda u: u / (tanh(sqrt(u + tiny)) / sqrt(u + tiny)) + mpf("1e-9"), range(0, 5), 0, mpf("0.625") ** 2)
    # log1p(f) = f - f^2/2 + f^3 q(f)
    table("log", away(lambda f: (log1p(f) - f + f * f / 2) / f**3, mpf(1) / 3),
          lambda f: abs(f**3 / log1p(f)) if abs(f) > tiny else mpf("1e-20"), range(0, 8), -mpf(1) / 3, mpf(1) / 3)
    # erf(x) = x + x q(x^2) below, 1 - exp(-(x q(x))) above
    table("erf, small", away(lambda u: erf(sqrt(u)) / sqrt(u) - 1, 2 / sqrt(pi) - 1),
          lambda u: 1 / (erf(sqrt(u + tiny)) / sqrt(u + tiny)), range(0, 6), 0, mpf("0.921875") ** 2)
    table("erf, large", lambda x: -log(erfc(x)) / x, lambda x: x * erfc(x) / erf(x), range(0, 9), mpf("0.921875"), mpf(4))
    # sin(r) = r + r^3 q(r^2), cos(r) = 1 - r^2/2 + r^4 q(r^2)
    quarter = (pi / 4 * 1.001) ** 2
    table("sin", away(lambda u: (sin(sqrt(u)) / sqrt(u) - 1) / u, -mpf(1) / 6), lambda u: u, range(0, 3), 0, quarter)
    table("cos", lambda u: (cos(sqrt(u)) - 1 + u / 2) / u**2 if u > mpf("1e-6") else mpf(1) / 24, lambda u: u**2, range(0, 3), 0, quarter)
