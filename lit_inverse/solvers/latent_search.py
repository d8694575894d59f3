"""CSGM: the point in the range of a generator that explains y best."""

from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.settings import one_of
from lit_inverse.solvers.fitting.data_terms import DataTerm, SquaredError
from lit_inverse.solvers.latent.following import Point, Update, follow
from lit_inverse.solvers.latent.quasi_newton import LBFGS
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.latent.steps import OptimizerName, descending, first_order
from lit_inverse.solvers.solution import Solution


class LatentSearch(LatentSolver):
    """x_hat = G(z_hat), z_hat = argmin_z data_term(A G(z), y) + prior ||z||^2, from several z_0 ~ N(0, I).

    By default CSGM (Bora et al. 2017, Sec. 3 and 6): ||y - A G(z)||^2 by Adam. Their code has A_ij ~ N(0, 1) and takes
    the mean over the m measurements, which is this sum for A_ij ~ N(0, 1/m). As in their code the restart is chosen by
    the objective with the prior. Works with any operator autograd can pass through. See `LatentSolver`.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network; the
            shipped VAE of MNIST by default.
        max_iter: number of steps.
        lr: learning rate of Adam, step size of gradient descent; of L-BFGS the length of its first step is at most lr.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2.
        optimizer: "adam", "sgd" (gradient descent with momentum .9) or "lbfgs".
        data_term: distance of A G(z) from y; `AbsoluteError` bears outliers.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        lr: float = 0.01,
        n_restarts: int = 10,
        prior: float = 0.1,
        optimizer: OptimizerName = "adam",
        data_term: DataTerm = SquaredError(),  # noqa: B008
    ) -> None:
        super().__init__(generator, max_iter, n_restarts, lr, prior)
        one_of(OptimizerName, optimizer=optimizer)
        self.optimizer: OptimizerName = optimizer
        self.data_term = data_term

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        self.data_term.check(searches.given.y)

        def objective(point: Point) -> Tensor:
            (z,) = point
            return self.data_term(searches.operator(searches.network(z)), searches.y) + self._penalty(z)

        def update_rule() -> Update:
            if self.optimizer == "lbfgs":
                return LBFGS(objective, self.lr)
            return descending(first_order(starts, self.lr, self.optimizer))

        paths = follow((starts,), objective, update_rule(), self.max_iter, searches.given.trace.numbers)
        return searches.solution(paths, searches.network)
