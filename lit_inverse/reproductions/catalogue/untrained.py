"""Heckel and Soltanolkotabi 2020, Compressive sensing with un-trained neural networks."""

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.spectra import as_predicted, changes_by_at_most, geometric, more_concentrated
from lit_inverse.reproductions.claims.sweeps import ahead, not_above
from lit_inverse.reproductions.experiment import Claim, Data, Experiment, Run
from lit_inverse.theory.jacobian_spectra.measurement import DEEP_DECODER, two_layer_name

_PAPER = "Un-trained compressive sensing (Heckel and Soltanolkotabi 2020)"
_RUN = Run("jacobian_spectra", tables=("values",))
_NARROW, _WIDE = two_layer_name(10), two_layer_name(30)
_SHOWN = (1, 5, 10, 20, 50)

_STOPS = ("stop_1", "stop_2", "stop_3", "stop_4")

EXPERIMENTS = (
    Experiment(
        _PAPER,
        "Fig. 1",
        Run("untrained_convergence", Data("natural/dev", "natural images")),
        "Error of a deep decoder along its fit to noiseless Gaussian measurements, m = n / 4.",
        [
            Claim(
                "No early stopping is needed: the last error is at most a tenth above that of any stop.",
                not_above("all", *_STOPS),
            ),
            Claim(
                "Descent improves to the end: all iterations are ahead of a hundredth of them.", ahead("all", "stop_1")
            ),
        ],
        beside.errors("all", *_STOPS),
        pictures=("figures/along_iterations*.png", "figures/reconstructions*.png"),
        notes=(
            "Other images: the paper has a smooth one and a texture.",
            "Adam, as in the authors' notebook, for gradient descent.",
            "Small: 64 x 64 pixels, 64 channels of 256, 3000 iterations of 100,000.",
        ),
    ),
    Experiment(
        _PAPER,
        "Fig. 3",
        _RUN,
        "Weights that triangular kernels give to the trigonometric functions, beside singular values of the Jacobian.",
        [
            Claim(
                "Singular values of the two-layer generator are those of eq. 11 (leading 50, within 5 %).",
                as_predicted((_NARROW, _WIDE), 0.05),
            ),
            Claim(
                "The wider the kernel, the more the weights concentrate on low frequencies.",
                more_concentrated(_WIDE, _NARROW),
            ),
            Claim(
                "The lower weights decay geometrically (half width 30, from the third to the 51st).", geometric(_WIDE)
            ),
        ],
        beside.spectra(((_NARROW, 0), (_WIDE, 0)), _SHOWN, predicted=True),
        published="figure and eq. 11",
        pictures=("jacobian_spectra.png",),
        notes=(
            "2000 channels, small: 1000; one draw.",
            "The paper infers geometric decay from a straight line in a log-log plot: that is a power law.",
        ),
    ),
    Experiment(
        _PAPER,
        "Fig. 4",
        _RUN,
        "Singular values of the Jacobian of a four-layer deep decoder along a fit.",
        [
            Claim("They decay geometrically or faster at the first weights.", geometric(DEEP_DECODER)),
            Claim(
                "The spectrum changes little along the fit (the first 100 values by a factor of 2 at most).",
                changes_by_at_most(DEEP_DECODER, 2.0),
            ),
        ],
        beside.spectra(((DEEP_DECODER, 0), (DEEP_DECODER, 100), (DEEP_DECODER, 1000)), (*_SHOWN, 100, 200, 400)),
        pictures=("jacobian_spectra.png",),
        notes=("The paper gives no settings: those of the authors' notebook for another paper, n = 512, 64 channels.",),
    ),
)
