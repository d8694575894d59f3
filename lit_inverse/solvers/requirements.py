"""What methods ask of an operator."""

from lit_inverse.operators import LinearOperator, Operator


def require_linear(operator: Operator) -> LinearOperator:
    """The operator, refused with a ValueError when it is not linear."""
    if not isinstance(operator, LinearOperator):
        raise ValueError(f"{type(operator).__name__} is not linear, expected a LinearOperator: take another solver")
    return operator


def require_images(operator: Operator) -> None:
    """Refuses, with a ValueError, an operator whose x is no image."""
    if len(operator.in_shape) != 3:
        raise ValueError(f"x has shape {operator.in_shape}, expected images (C, H, W): take another solver")
