"""Scarlett et al. 2022, Theoretical perspectives on deep learning methods in inverse problems."""

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.sweeps import ahead
from lit_inverse.reproductions.claims.values import means, slope, smaller_group
from lit_inverse.reproductions.experiment import Claim, Experiment, Run
from lit_inverse.reproductions.tables import Row

_PAPER = "Survey (Scarlett et al. 2022)"


def _gap(row: Row) -> float:
    return abs(float(row["loss"] - row["train_loss"]))


_phi_net = means("gaps", "n_train", _gap, network="Phi-net", n_layers=10)

EXPERIMENTS = (
    Experiment(
        _PAPER,
        "Sec. IV-B, unfolding against ISTA",
        Run("lista_noiseless"),
        "Sparse vectors recovered by 16 layers of unfolded networks and by 16 iterations.",
        [
            Claim("A network with learned steps is ahead of ISTA of as many iterations.", ahead("step_lista", "ista")),
            Claim("ALISTA is ahead of ISTA and FISTA.", ahead("alista", "ista", "fista")),
            Claim("HyperLISTA, with three trained numbers, is ahead of ALISTA.", ahead("hyperlista", "alista")),
        ],
        beside.errors(),
        published="statements",
        pictures=("figures/error_along_layers*.png",),
        notes=("Settings of Chen et al. 2018: m = 250, n = 500. Small: fewer signals.",),
    ),
    Experiment(
        _PAPER,
        "Sec. IV-C.2, generalisation gap",
        Run("generalization_gap", tables=("gaps",)),
        "Error on new signals above that on the training signals, against their number and the depth.",
        [
            Claim(
                "The gap of the class of Theorem 11 falls at least as fast as N^(-1/2).",
                slope(_phi_net, -2.0, -0.45, fewest=3),
            ),
            Claim(
                "It is smaller than that of a plain ReLU network, for every N.",
                smaller_group("gaps", _gap, "network", "Phi-net", "ReLU", by="n_train", n_layers=10),
            ),
        ],
        beside.means("gaps", ["network", "n_layers", "n_train"], ["train_loss", "loss", "worst_gap"]),
        published="a bound",
        pictures=("gaps.png",),
        notes=(
            "An upper bound is held to networks trained for a fixed number of steps.",
            "Small: fewer networks, steps and seeds.",
        ),
    ),
)
