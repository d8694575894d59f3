"""Compressive sensing of smooth signals with the two-layer network: from how many measurements, and to which error.

    python -m lit_inverse.theory.smooth_signals [--out runs/smooth_signals] [--help]

Signals of the p lowest trigonometric functions (Heckel and Soltanolkotabi 2020, Sec. 4) are measured by m random
projections and recovered by gradient descent on the weights of `TwoLayerGenerator`: the error over m / p, beside that
of the linear generator that the theory puts in the network's place and that one's bound, (7) of Theorem 1; and the
error along the descent, with and without noise.
"""
