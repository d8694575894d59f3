"""Descent steps of F independent searches in lock-step: the law of each is that of one search alone."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from lit_inverse.solvers.latent.following import Update

OptimizerName = Literal["adam", "sgd", "lbfgs"]
Step: TypeAlias = Callable[[Tensor], Tensor]  # of the gradient (F, ...): the new variable, which may be the old memory


def first_order(variable: Tensor, lr: float, name: OptimizerName = "adam") -> Step:
    """Adam (Kingma and Ba 2015) or gradient descent with momentum .9; of elements, so searches are not coupled."""
    leaf = variable.detach().clone().requires_grad_()
    law: torch.optim.Optimizer = (
        torch.optim.Adam([leaf], lr) if name == "adam" else torch.optim.SGD([leaf], lr, momentum=0.9)
    )

    def step(gradient: Tensor) -> Tensor:
        leaf.grad = gradient
        law.step()
        return leaf.detach()

    return step


def descending(step: Step) -> Update:
    """Steps of a single variable along the gradient of its objective."""

    def update(point: tuple[Tensor, ...], loss: Tensor) -> tuple[Tensor, ...]:
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        return (step(gradient),)

    return update
