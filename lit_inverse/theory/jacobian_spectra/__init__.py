"""Spectra of Jacobians: the two-layer generator's beside its theory, and a deep decoder's along a fit.

    python -m lit_inverse.theory.jacobian_spectra [--out runs/jacobian_spectra] [--help]

After Heckel and Soltanolkotabi 2020: singular values of the two-layer convolutional generator with the triangular
kernels of Fig. 3 beside eq. 11; those of a four-layer deep decoder while it is fitted (Fig. 4); and the principal
angles between the leading left singular vectors of both and the lowest trigonometric functions.
"""
