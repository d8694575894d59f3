"""Training layer by layer, in stages."""

import math
from dataclasses import dataclass, field

from torch import Tensor, nn


@dataclass(frozen=True)
class Stage:
    """One stage: the first `depth` layers are trained, or of them the last alone, at `factor` times the rate."""

    depth: int
    factor: float
    only_last: bool

    def rate(self, layer: int | None, decay: float) -> float:
        """What the learning rate of a layer (from 0), or of what all layers share, is multiplied by."""
        if layer is None:
            return self.factor
        age = self.depth - 1 - layer
        return 0.0 if age < 0 or (self.only_last and age > 0) else self.factor * decay**age


class Layerwise:
    """The stages of Chen et al. 2018 (LISTA-CPSS) and Liu et al. 2019 (ALISTA), in their codes.

    For each depth 1 to T: the new layer alone, then all layers so far at .2 and at .02 of the rate. A stage ends when
    the validation error has not become smaller for `patience` epochs; its best weights are kept, and Adam begins anew.

    Args:
        patience: epochs without progress that end a stage (5 in the codes of Open-L2O and HyperLISTA).
        max_epochs: after which a stage ends in any case.
        factors: of the rate, of the stages of a depth.
        decay: of the rate per layer of age. (.3 in their papers; of their codes only HyperLISTA's has it in effect,
            since the others multiply gradients, which Adam undoes.)

    Raises:
        ValueError: when a number is impossible.
    """

    def __init__(
        self,
        patience: int = 5,
        max_epochs: int = 1000,
        factors: tuple[float, ...] = (1.0, 0.2, 0.02),
        decay: float = 1.0,
    ) -> None:
        if patience < 1 or max_epochs < 1:
            raise ValueError(f"patience is {patience} and max_epochs {max_epochs}, expected at least 1")
        if not factors or min(factors) <= 0 or not 0 < decay <= 1:
            raise ValueError(f"factors are {factors} and decay {decay}, expected numbers > 0, decay at most 1")
        self.patience, self.max_epochs, self.factors, self.decay = patience, max_epochs, factors, decay

    def least_epochs(self, n_layers: int) -> int:
        """How many epochs all stages of a network take, if none gains anything."""
        return len(self.stages(n_layers)) * min(self.patience + 1, self.max_epochs)

    def stages(self, n_layers: int) -> list[Stage]:
        """All stages of a network, in order."""
        return [
            Stage(depth, factor, only_last=number == 0 and depth > 1)
            for depth in range(1, n_layers + 1)
            for number, factor in enumerate(self.factors)
        ]


@dataclass
class StageProgress:
    """Where training layer by layer has come to: the stage, its epochs, and its best weights so far."""

    stage: int = 0
    epochs: int = 0
    epochs_since: int = 0
    best: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def note(self, error: float, network: nn.Module) -> None:
        """Takes another epoch into account."""
        self.epochs, self.epochs_since = self.epochs + 1, self.epochs_since + 1
        if error < self.best:
            self.best, self.epochs_since = error, 0
            self.best_weights = {name: weights.detach().clone() for name, weights in network.state_dict().items()}
