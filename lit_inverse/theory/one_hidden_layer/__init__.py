"""How fast descent fits a network with one hidden layer to a signal, and to noise; and what was proved of it.

    python -m lit_inverse.theory.one_hidden_layer [--out runs/one_hidden_layer] [--help]

Van Veen et al. 2018, Theorem 4.1: G = V ReLU(W z), W (d, k) fitted to y (n) by gradient descent, has residuals
||r_t|| <= 3 (1 - c)^t ||y|| for any y when d >= C n; behind an A of orthonormal rows too, as A V is Gaussian like V.
Measured are the rate and the width from which the bound holds; and how the same network fits noise beside a smooth
signal: as fast, for V has no preference. A convolutional network has one, and from that comes what early stopping is
worth.
"""
