"""Learned measurements against Gaussian ones: the error of a decoder over the number of measurements, and rows of A.

    python -m lit_inverse.theory.learned_measurements [--root data/mnist] [--out runs/learned_measurements] [--help]

Each decoder is trained by `LearnedMeasurementsModule`, at equal E ||A x||^2 / E ||eta||^2, with A or for a Gaussian A.
Beside its error stands that of an affine estimate from the same y: what is left when the decoder is not looked at
but A alone.
"""
