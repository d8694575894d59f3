"""A matrix that was trained."""

from lit_inverse.operators.matrix import Matrix
from lit_inverse.paths import ConfigPath


class Learned(Matrix):
    """y = A vec(x) with the A that an `MLPDecoder` was trained with, by `LearnedMeasurementsModule`.

    Args:
        in_shape: shape of x without the batch.
        checkpoint: of a run of train.py, or an exported one; or several, of different m.
        m: number of measurements, by which one of several is chosen; null for the first.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged, or none holds a matrix of so many measurements, or it does not fit in_shape.
    """

    def __init__(
        self, in_shape: tuple[int, ...], checkpoint: ConfigPath | list[ConfigPath], m: int | None = None
    ) -> None:
        from lit_inverse.checkpoints import load_network  # which needs networks, and those need operators
        from lit_inverse.networks import MLPDecoder

        matrices = []
        for path in checkpoint if isinstance(checkpoint, list) else [checkpoint]:
            network = load_network(path)
            if not isinstance(network, MLPDecoder):
                raise ValueError(f"checkpoint {path} holds a {type(network).__name__}, expected an MLPDecoder")
            matrices.append((path, network.matrix.detach()))
        if not matrices:
            raise ValueError("checkpoint is an empty list, expected at least one")
        chosen = [(path, matrix) for path, matrix in matrices if m in (None, len(matrix))]
        if not chosen:
            raise ValueError(f"m is {m}, expected one of the checkpoints', {[len(matrix) for _, matrix in matrices]}")
        source, first = chosen[0]
        try:
            super().__init__(first, tuple(in_shape))
        except ValueError as error:
            raise ValueError(f"checkpoint {source}: {error}") from error
