"""Gradient descent on a network's weights beside that on the network linearised at its first weights."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vjp, vmap

from lit_inverse.operators import LinearOperator
from lit_inverse.theory.jacobian import norms_that_change


@dataclass(frozen=True)
class Trajectory:
    """What a descent passes through, from iteration 0 on.

    Attributes:
        outputs: G(theta_t), (n_iter + 1, n).
        fits: A G(theta_t), (n_iter + 1, *out_shape of A).
    """

    outputs: Tensor
    fits: Tensor


@dataclass(frozen=True)
class Dynamics:
    """The linear model's prediction and the truth.

    Attributes:
        linear: of the linear model, in closed form.
        true: of the network.
        eigenvalues: of A J J^T A^T at the first weights, ascending; the linear model converges for steps below 2 over
            the largest of them.
    """

    linear: Trajectory
    true: Trajectory
    eigenvalues: Tensor

    @property
    def difference(self) -> Tensor:
        """||x_linear - x_true|| / ||x_true - G(theta_0)|| of the outputs at each iteration; 0 at the first."""
        x = self.true.outputs
        distance, moved = (torch.linalg.vector_norm(d, dim=1) for d in (self.linear.outputs - x, x - x[0]))
        return torch.where(distance == 0, 0, distance / moved)


def dynamics(
    network: nn.Module, z: Tensor, operator: LinearOperator, y: Tensor, step: float, n_iter: int, chunk: int = 16
) -> Dynamics:
    """theta_{t+1} = theta_t - step grad 1/2 ||A G(theta_t) - y||^2, predicted and done.

    With J = dG/dtheta at the network's weights theta_0, r_0 = A G(theta_0) - y and K = A J J^T A^H, descent on
    theta -> G(theta_0) + J (theta - theta_0) has the outputs

        x_t = G(theta_0) - J J^T A^H K^-1 (I - (I - step K)^t) r_0,

    which eigenvectors of K give for all t at once (of 1 - (1 - step lam)^t over lam, the limit step t where lam = 0). A
    network is the nearer to it the wider it is (Jacot, Gabriel, Hongler 2018; Heckel and Soltanolkotabi 2020, Sec. 5).

    Args:
        network: G, of the weights theta_0 that have gradients; it is not changed. Norms take the statistics of the
            batch of one, but in evaluation mode those that they run on.
        z: its input, (1, *latent_shape).
        operator: a linear A; it is applied to n vectors.
        y: (1, *out_shape).
        step: of the descent.
        n_iter: number of steps.
        chunk: columns of J J^T at once; more are faster and need the memory of so many copies of theta.

    Raises:
        ValueError: when there is more than one z or y, y is of another shape than A's measurements, or the network can
            not be applied to one z.
    """
    operator.check_batch(y, operator.out_shape, "y")
    if len(y) != 1 or len(z) != 1:
        raise ValueError(f"y has {len(y)} items and z {len(z)}, expected one of each")
    network = copy.deepcopy(network)
    for _, norm in norms_that_change(network):
        norm.running_mean = norm.running_var = norm.num_batches_tracked = None
        norm.track_running_stats = False
    theta = {name: w.detach() for name, w in network.named_parameters() if w.requires_grad}

    def g(theta: dict[str, Tensor]) -> Tensor:
        x: Tensor = functional_call(network, theta, (z,))
        return x.flatten()

    def loss(theta: dict[str, Tensor]) -> Tensor:
        return _real(operator(g(theta).view(1, *operator.in_shape)) - y).square().sum() / 2

    try:
        outputs = [g(theta)]
    except ValueError as error:  # of batch norm of vectors
        hint = "batch norm needs more than one value per channel, or evaluation mode"
        raise ValueError(f"the network can not be applied to one z, {tuple(z.shape)}: {error} ({hint})") from error
    kernel = tangent_kernel(g, theta, chunk)
    linear, eigenvalues = _linear(outputs[0], kernel, operator, y, step, n_iter)
    for _ in range(n_iter):
        slope = grad(loss)(theta)
        theta = {name: w - step * slope[name] for name, w in theta.items()}
        outputs.append(g(theta))
    return Dynamics(_measured(linear, operator), _measured(torch.stack(outputs).detach(), operator), eigenvalues)


def tangent_kernel(g: Callable[[dict[str, Tensor]], Tensor], theta: dict[str, Tensor], chunk: int = 16) -> Tensor:
    """J J^T, (n, n), of g: theta -> (n,), column by column as J (J^T e_i), without ever storing J.

    Args:
        g: made of what torch.func differentiates forward and backward.
        theta: where.
        chunk: columns at once.
    """
    x, pullback = vjp(g, theta)[:2]

    def column(e: Tensor) -> Tensor:
        image: Tensor = jvp(g, (theta,), pullback(e))[1]
        return image

    kernel: Tensor = vmap(column, chunk_size=chunk)(torch.eye(len(x), dtype=x.dtype, device=x.device))
    return (kernel + kernel.T).detach() / 2


def _linear(
    x: Tensor, kernel: Tensor, operator: LinearOperator, y: Tensor, step: float, n_iter: int
) -> tuple[Tensor, Tensor]:
    """Outputs of the linear model, (n_iter + 1, n), and the eigenvalues of K."""
    a = _real(operator(torch.eye(len(x)).to(x).view(-1, *operator.in_shape))).T
    residual = a @ x - _real(y)[0]
    lam, vectors = torch.linalg.eigh(a @ kernel @ a.T)
    t = torch.arange(n_iter + 1, dtype=x.dtype, device=x.device)[:, None]
    filters = torch.where(lam > 0, _learned(step * lam, t) / lam, step * t)
    return x - filters * (vectors.T @ residual) @ (kernel @ a.T @ vectors).T, lam


def _learned(rate: Tensor, t: Tensor) -> Tensor:
    """1 - (1 - rate)^t, without loss of digits for small rates."""
    small = rate < 0.5
    return torch.where(small, -torch.expm1(t * torch.log1p(-rate.clamp(max=0.5))), 1 - (1 - rate) ** t)


def _real(y: Tensor) -> Tensor:
    """(B, ...) as real vectors: parts of complex numbers beside each other, which keeps norms."""
    return (torch.view_as_real(y) if y.is_complex() else y).flatten(1)


def _measured(outputs: Tensor, operator: LinearOperator) -> Trajectory:
    fits = [operator(x.view(1, *operator.in_shape))[0] for x in outputs]
    return Trajectory(outputs, torch.stack(fits))
