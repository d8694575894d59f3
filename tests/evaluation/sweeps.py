"""Rows of sweeps that never ran."""

from typing import Any

import numpy as np

Row = dict[str, Any]


def rows(
    solvers: tuple[str, ...] = ("a", "b", "c"),
    settings: tuple[Any, ...] = (25, 50, 100, 200),
    levels: tuple[float, ...] = (0.0,),
    n_images: int = 5,
    vectors: bool = False,
) -> list[Row]:
    """One line per case, with log-normal errors that fall as the settings go on; of vectors, with 16 layers."""
    source = np.random.default_rng(0)
    return [
        {
            "key": f"{solver}-{setting}-{level}-{image}", "solver": solver, "label": f"solver {solver}", "data": "None",
            "image": f"test/{image}", "operator": "Gaussian", "m": 100, "n": 784, "noise_level": level, "sigma": level,
            "repeat": 0, "seed": 0, "value_range": None if vectors else [-1, 1], "mse": error, "psnr": 20.0,
            "ssim": None, "nmse": 1.5 * error, "residual": 0.01, "seconds": 10.0 ** (which - 1), "status": "max_iter",
            "n_iter": 7, "device": "cpu", "setting": setting,
            **({"along": [(1.5 * error) ** (t / 16) for t in range(17)]} if vectors else {}),
        }
        for which, solver in enumerate(solvers)
        for place, setting in enumerate(settings)
        for level in levels
        for image in range(n_images)
        for error in [float(source.lognormal(-2 - 0.4 * which * place, 0.4)) + (0 if vectors else level**2)]
    ]  # fmt: skip
