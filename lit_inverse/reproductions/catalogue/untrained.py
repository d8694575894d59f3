"""Heckel and Soltanolkotabi 2020, Compressive sensing with un-trained neural networks."""

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.convergence import digest, needs_no_stop
from lit_inverse.reproductions.claims.images import ends_lower, errors
from lit_inverse.reproductions.claims.spectra import (
    as_predicted,
    changes_by_at_most,
    geometric,
    more_concentrated,
    weights_geometric,
)
from lit_inverse.reproductions.reproduction import Claim, Data, Reproduction, Run
from lit_inverse.theory.jacobian_spectra.measurement import DEEP_DECODER, two_layer_name

_PAPER = "Un-trained compressive sensing (Heckel and Soltanolkotabi 2020)"
_RUN = Run("jacobian_spectra", tables=("values",))
_HALF_WIDTHS = 10, 30
_NARROW, _WIDE = map(two_layer_name, _HALF_WIDTHS)
_SHOWN = (1, 5, 10, 20, 50)

_SLICE = Data(
    "fastmri/singlecoil",
    "a brain slice of emulated single coil",
    instead={"data": {"init_args": {"root": None}}},
    instead_words="a drawn slice",
    terms="If it is of the ESPIRiT example of BART (M. Uecker, M. Lustig et al.), no licence is known of it and "
    "pictures made from it.",
)
NATURAL = Data(
    "natural/dev",
    "natural images",
    terms="If these are the classic test images (USC-SIPI, Set12), no licence is known of them and pictures made from "
    "them.",
)
_STOPS = ("stop_1", "stop_2", "stop_3", "stop_4")
_CONVERGED = (
    "Convergence, of the first image: the loss is {}at most a thousandth of the first, and the error is at rest. "
    "Before it the claim is undecided."
)


REPRODUCTIONS = (
    Reproduction(
        _PAPER,
        "Fig. 1",
        Run("untrained_convergence", NATURAL, digests={"along": digest("all"), "images": errors("all")}),
        "Error of a deep decoder along its fit to noiseless Gaussian measurements, m = n / 4.",
        [
            Claim(
                "No early stopping is needed: at convergence the error (of the first image) is at most a tenth above "
                "the least.",
                needs_no_stop(slack=0.1, must_fit=True),
            ),
            Claim(
                "The simple and smooth image ends with a smaller error than the texture.",
                ends_lower("all", "house.png", "fingerprint.png"),
            ),
        ],
        beside.errors("all", *_STOPS),
        pictures=("figures/along_iterations*.png", "figures/reconstructions*.png"),
        notes=(
            "Other images: house.png and fingerprint.png are the smooth one and the texture. Where the folder does "
            "not have them its first two are measured, and the second claim is undecided.",
            _CONVERGED.format(""),
            "Adam, as in the authors' notebook, for gradient descent with a small constant step. The step is constant "
            "for 30 % of the iterations and then falls linearly, to 0 at the last, which also brings the error to "
            "rest: that the fit has converged is told by its loss. At a constant step (small settings, first image) "
            "Adam's loss jumped after some 4000 iterations, and the error ended 36 % above its least.",
            "Small: 64 x 64 pixels, 64 channels of 256, 10,000 iterations of 100,000.",
        ),
    ),
    Reproduction(
        _PAPER,
        "Fig. 3",
        _RUN,
        "Weights that triangular kernels give to the trigonometric functions, beside singular values of the Jacobian.",
        [
            Claim(
                "Eq. 11 approximates the singular values of the Jacobian well (leading 50, first weights, within 5 %).",
                as_predicted((_NARROW, _WIDE), 0.05),
            ),
            Claim(
                "The wider the kernel, the more the weights concentrate on low frequencies.",
                more_concentrated(_WIDE, _NARROW),
            ),
            Claim(
                "The smaller weights decay geometrically (eq. 11, all but the first two, both kernels).",
                weights_geometric(_HALF_WIDTHS),
            ),
        ],
        beside.spectra(((_NARROW, 0), (_WIDE, 0)), _SHOWN, predicted=True),
        published="figure and eq. 11",
        pictures=("jacobian_spectra.png",),
        notes=(
            "2000 channels, small: 1000; one draw; the 51 largest values of 300.",
            "The paper infers geometric decay from a straight line in a log-log plot: that is a power law. The first "
            "51 weights of half width 10 alone are closer to geometric than to a power law.",
        ),
    ),
    Reproduction(
        _PAPER,
        "Fig. 4",
        _RUN,
        "Singular values of the Jacobian of a four-layer deep decoder along a fit.",
        [
            Claim("They decay geometrically or a little faster (at the first weights).", geometric(DEEP_DECODER)),
            Claim(
                "The spectrum changes little along the fit (the first 100 values by a factor of 2 at most).",
                changes_by_at_most(DEEP_DECODER, 2.0),
            ),
        ],
        beside.spectra(((DEEP_DECODER, 0), (DEEP_DECODER, 100), (DEEP_DECODER, 1000)), (*_SHOWN, 100, 200, 400)),
        pictures=("jacobian_spectra.png",),
        notes=("The paper gives no settings: those of the authors' notebook for another paper, n = 512, 64 channels.",),
    ),
    Reproduction(
        _PAPER,
        "Fig. 5",
        Run("untrained_mri", _SLICE, digests={"along": digest("all")}),
        "Error of a wide five-layer deep decoder along its fit to 8-fold undersampled k-space.",
        [
            Claim(
                "The best stop is only marginally better: at convergence the error is at most a tenth above the least.",
                needs_no_stop(slack=0.1),
            ),
        ],
        beside.errors("all", *_STOPS),
        pictures=("figures/along_iterations*.png", "figures/reconstructions*.png"),
        notes=(
            "Another slice; Adam, as in the authors' notebook, for gradient descent, with a constant step, and its 384 "
            "channels.",
            _CONVERGED.format("flat or "),
            "Small: 64 channels, 2000 iterations of 100,000, at twice the step.",
        ),
    ),
)
