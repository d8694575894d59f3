"""The constants of Theorem 4.1 of Van Veen et al. 2018, from its proof (App. B.4).

With V_ij ~ N(0, ||y||^2 / (n d ||z||^2)) the Jacobian by W z has sigma_min >= 2 alpha, alpha = ||y|| / (4 sqrt(n)), at
the beginning (Lemma B.1, whose proof asks for d >= 3528 n), and norm <= beta everywhere, where beta^2 is
2 ||y||^2 (4 n + d) / (n d) (Lemma B.3). Steps <= 1 / beta^2 then give ||r_t|| <= (1 - step alpha^2 / 4)^t ||r_0||, and
||r_0|| <= 3 ||y||.

The theorem's own step and rate are illegible in the text that we have. What is left of them, a fraction of 8 n over
4 n + d and a rate of something over 8 (4 n + d), fits two readings: the step 8 n / (||y||^2 (4 n + d)), 16 / d of
1 / beta^2, with the rate 1 / (8 (4 n + d)) that the same alpha gives then; or the step 8 n d / (||y||^2 (4 n + d)),
16 times 1 / beta^2 and so more than the proof allows, with the rate d / (8 (4 n + d)). The rate over the step, which is
what is compared here, does not depend on the step.
"""

import math


def largest_step(n: int, d: int, size: float = 1.0) -> float:
    """1 / beta^2 for ||y|| = size."""
    return n * d / (2 * size**2 * (4 * n + d))


def proved_rate(step: float, n: int, size: float = 1.0) -> float:
    """c = step alpha^2 / 4 = step ||y||^2 / (64 n)."""
    return step * size**2 / (64 * n)


def expected_rate(step: float, n: int, d: int, size: float = 1.0) -> float:
    """step lambda_min(J J^T) while half of the units are active, by Marchenko and Pastur's law for large n.

    J J^T = V D V^T is a Wishart matrix of d / 2 columns of variance ||y||^2 / (n d), whose least eigenvalue is about
    ||y||^2 / n (sqrt(1/2) - sqrt(n / d))^2; 0 for d <= 2 n, where it is singular.
    """
    return step * size**2 / n * max(0.0, math.sqrt(0.5) - math.sqrt(n / d)) ** 2


def proved_width() -> float:
    """C, the least d / n that the proof's last inequality allows.

    With q = n / d and R = 60 sqrt(n), units that change sign can change J by alpha / 3 at most when

        2 sqrt(q) + sqrt(6 (120)^(2/3) q^(1/3) ln(1 / (3 (120)^(2/3) q^(1/3)))) <= 1 / 12.
    """

    def excess(exponent: float) -> float:
        q = 10.0**-exponent
        part = 120 ** (2 / 3) * q ** (1 / 3)
        return 2 * math.sqrt(q) + math.sqrt(-6 * part * math.log(3 * part)) - 1 / 12

    low, high = 10.0, 30.0  # of d / n = 10^exponent; beyond 10^7 the logarithm is positive and the excess falls
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return float(10**high)
