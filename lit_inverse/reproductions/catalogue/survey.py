"""Scarlett et al. 2022, Theoretical perspectives on deep learning methods in inverse problems."""

import math
from dataclasses import replace

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.catalogue.untrained import NATURAL
from lit_inverse.reproductions.claims.fits import fitted_sooner, has_a_minimum
from lit_inverse.reproductions.claims.generalization import gap, grows_as_the_bound, smaller_gap
from lit_inverse.reproductions.claims.sweeps import ahead
from lit_inverse.reproductions.claims.values import means, slope
from lit_inverse.reproductions.reproduction import Claim, Reproduction, Run
from lit_inverse.theory.image_and_noise.fits import IMAGE, NOISE, NOISY

_PAPER = "Survey (Scarlett et al. 2022)"
_FITTED = 0.1  # of the first loss
_IMAGE = replace(
    NATURAL,
    instead={"settings": {"root": None}},
    instead_words="a photograph that comes with scikit-learn",
    root="settings.root",
)


_phi_net = means("gaps", "n_train", gap, network="Phi-net", n_layers=10)

REPRODUCTIONS = (
    Reproduction(
        _PAPER,
        "Fig. 4",
        Run("image_and_noise", _IMAGE, tables=("fits",)),
        "An over-parametrised deep decoder fitted to a noisy image, to the image, and to noise.",
        [
            Claim(
                "The image is fitted in far fewer iterations than noise (at least 2 times).",
                fitted_sooner(IMAGE, NOISE, _FITTED, 2.0),
            ),
            Claim(
                "The fit to the noisy image first nears the image, then goes away (by 10 % at least).",
                has_a_minimum(NOISY, 0.1),
            ),
        ],
        beside.fits({IMAGE: "about 300", NOISE: "about 3000"}, _FITTED, (NOISY, "about 300")),
        published="figure, and iterations in its text",
        pictures=("image_and_noise.png",),
        notes=(
            "The survey gives no settings: those of the authors' notebook for the paper that the figure comes from.",
            "Adam, as there, for gradient descent; another image; noise is not clipped, and that alone is U(0, 1).",
            "Small: 64 x 64 pixels, 64 channels of 256, 3000 iterations of 10,000.",
        ),
    ),
    Reproduction(
        _PAPER,
        "Sec. IV-B, unfolding against ISTA",
        Run("lista_noiseless"),
        "Sparse vectors recovered by 16 layers of unfolded networks and by 16 iterations.",
        [
            Claim("LISTA of 16 layers is ahead of ISTA of 16 iterations.", ahead("lista", "ista")),
            Claim(
                "It takes significantly fewer layers: LISTA of 16 is ahead of ISTA of 80 iterations.",
                ahead("lista", "ista_80"),
            ),
            Claim("ALISTA, which learns steps and thresholds, is ahead of ISTA.", ahead("alista", "ista")),
            Claim(
                "HyperLISTA, which adds momentum and learns three numbers, is ahead of ALISTA.",
                ahead("hyperlista", "alista"),
            ),
        ],
        beside.errors(),
        published="statements",
        pictures=("figures/error_along_layers*.png",),
        notes=(
            "Settings of Chen et al. 2018: m = 250, n = 500. Small: fewer signals.",
            "LISTA has the same weights in all layers. ISTA has the lam that is best for its number of iterations. "
            "How many fewer layers are significantly fewer is our choice; ISTA of 160 iterations stands beside.",
            "Not checked: that Step-LISTA can outperform LISTA. The survey does not say where; in its source (Ablin et "
            "al. 2019) by the Lasso's objective, of sparse solutions. Here the error of x counts, as LISTA is trained.",
        ),
    ),
    Reproduction(
        _PAPER,
        "Sec. IV-C.2, generalisation gap",
        Run("generalization_gap", tables=("gaps",)),
        "Error on new signals above that on the training signals, against their number and the depth.",
        [
            Claim(
                "The gap of the class of Theorem 11 falls at least as fast as N^(-1/2).",
                slope(_phi_net, -math.inf, -0.45),
            ),
            Claim(
                "It is smaller than that of a traditional network (ReLUs, as many layers) for every N.",
                smaller_gap("Phi-net", "ReLU", n_layers=10),
            ),
            Claim(
                "It grows with the layers no faster than the bound: from 10 to 20 by a factor of at most (log 20 / log "
                "10)^(1/2) = 1.14.",
                grows_as_the_bound("Phi-net", (10, 20), n_train=512),
            ),
        ],
        beside.means("gaps", ["network", "n_layers", "n_train"], ["train_loss", "loss", "worst_gap"]),
        published="a bound",
        pictures=("gaps.png",),
        notes=(
            "An upper bound is held to networks trained for a fixed number of steps. A gap that grows faster than the "
            "bound does not contradict it.",
            "The survey says that such networks may generalise better: for every N is our reading. Where the network "
            "of ReLUs has learned next to nothing its small gap does not count.",
            "Small: fewer networks and steps, less data.",
        ),
    ),
)
