"""The analytic deep prior on the integration operator: what its theory says, and how far it holds.

    python -m lit_inverse.theory.analytic_deep_prior [--out runs/analytic_deep_prior] [--help]

After Dittmer, Kluth, Maass and Otero Baguer 2020: the coefficients of Fig. 4.2, the filters of Fig. 4.3, the orders of
Table 4.1 as measured exponents, the limits of eq. 4.17, and the errors of Fig. 4.6 over alpha and along the descent.
There the paper's claim, that the learned operator is better than A for every alpha, fails where alpha is small: B then
learns the noise.
"""
