"""How far the error on new signals lies above the error on the training signals, against their number and the depth.

    python -m lit_inverse.theory.generalization_gap [--out runs/generalization_gap] [--sizes '[32, 128]'] [--help]

Scarlett et al. 2022, Sec. IV-C.2: Gen(h) = |L_P(h) - L_E(h)| of ISTA-like networks of T layers that learn an
orthonormal basis from N pairs is at most of the order of sqrt((m n + n^2) log(T) / N) (Theorem 11). Here it is measured
for that class and for others, from T step sizes to a network of ReLU layers, all trained for the same number of steps.
"""
