"""Several coils see one image: reconstruction with sensitivities that are estimated from the measurements."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import Fourier, MultiCoil, Operator, masks, sensitivities
from lit_inverse.settings import at_least_1, one_of
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.inner import consistent, limited, mapped, solve_within
from lit_inverse.solvers.requirements import require_images
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.tikhonov import Tikhonov
from lit_inverse.solvers.with_denoiser.solver import DenoiserSolver

Maps = Literal["espirit", "low_frequency_ratio"]

_KERNEL = 6  # of ESPIRiT, where the calibration region is as large
_ON_CPU = 4  # slices at once; more need more memory and no less time


class SENSE(Solver):
    """I_c = S_c x: one image x by another solver from y_c = M F (S_c x), with sensitivities S (`MultiCoil`).

    Pruessmann et al. 1999. S is estimated from the low frequencies that M keeps whole, so that neither fully sampled
    k-space nor a separate scan is seen; the answer are the coil images S_c x, whose root sum of squares is |x|. Images
    are given to the solver in units of the largest |S^H A^H y|, the brightest pixel of the zero-filled image.

    With one coil S = 1, and x is what the solver makes of y.

    Args:
        solver: of complex x (1, H, W); conjugate gradients (CG-SENSE) by default.
        maps: how S is estimated, see `lit_inverse.operators.sensitivities`.
        calibration: largest number of rows and of columns around the zero frequency that are used; by default 24, if
            as many are measured.
        crop: S is 0 where ESPIRiT's eigenvalue is below it; 0 to keep it everywhere.
        data_consistent: whether at the end the measured frequencies of each coil replace those of S_c x.
        max_iter: iterations of the solver; null for what it says itself.

    Raises:
        ValueError: when A does not sample k-space, the solver refuses `MultiCoil`, or it has a denoiser of another
            value range than (0, 1), which would take all images for black.
    """

    def __init__(
        self,
        solver: Solver = Tikhonov(alpha=1e-3, max_iter=100),  # noqa: B008
        maps: Maps = "espirit",
        calibration: int = 24,
        crop: float = 0.0,
        data_consistent: bool = False,
        max_iter: int | None = None,
    ) -> None:
        at_least_1(calibration=calibration, max_iter=max_iter)
        one_of(Maps, maps=maps)
        if not 0 <= crop < 1:
            raise ValueError(f"crop is {crop}, expected 0 <= crop < 1")
        self.solver = limited(solver, max_iter)
        self.max_iter = self.solver.max_iter
        self.maps: Maps = maps
        self.calibration, self.crop, self.data_consistent = calibration, crop, data_consistent

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_images(operator)
        if not isinstance(operator, Fourier):
            raise ValueError(f"operator is {type(operator).__name__}, expected Fourier, CartesianFourier, ...")
        measured = operator.mask
        if operator.in_shape[0] > 1:
            for mask in measured.view(-1, *operator.in_shape[1:]):
                self._calibration(mask)
        _expect_unit_range(self.solver)
        anything = torch.ones(operator.in_shape, dtype=torch.complex64, device=measured.device)
        self.solver.check_all(MultiCoil(anything, measured, operator.normalization), None)

    def preferred_batch(self, device: torch.device) -> int:
        preferred = self.solver.preferred_batch(device)
        return min(preferred, _ON_CPU) if device.type == "cpu" else preferred

    def _solve(self, given: Given) -> Solution:
        operator = given.operator
        assert isinstance(operator, Fourier)
        coils = self.sensitivities(given.y, operator)
        seen_by_all = MultiCoil(coils, operator.mask, operator.normalization)
        largest = seen_by_all.adjoint(given.y).abs().flatten(1).amax(1)
        unit = torch.where(largest > 0, largest, 1)
        solution = solve_within(self.solver, given, seen_by_all, unit)

        def coil_images(x: Tensor) -> Tensor:
            images = coils * (x * largest.view(-1, 1, 1, 1))
            return consistent(images, given.y, operator) if self.data_consistent else images

        return mapped(solution, coil_images)

    def sensitivities(self, y: Tensor, operator: Fourier) -> Tensor:
        """S of each item, complex (B, coils, H, W), from measurements y (B, coils, kept)."""
        if operator.in_shape[0] == 1:
            return torch.ones_like(operator.adjoint(y))
        everything = torch.ones(operator.in_shape[1:], dtype=torch.bool, device=y.device)
        images = operator.pinv(y)
        kspace = Fourier(operator.in_shape, everything)(images).view_as(images)
        each = operator.mask if operator.mask.ndim == 3 else operator.mask.expand(len(y), -1, -1)
        return torch.stack([self._of_one(*one) for one in zip(kspace, each, strict=True)])

    def _of_one(self, kspace: Tensor, mask: Tensor) -> Tensor:
        """S (coils, H, W) of k-space (coils, H, W), of which the mask was measured."""
        sides = self._calibration(mask)
        if self.maps == "low_frequency_ratio":
            return sensitivities.low_frequency_ratio(kspace, sides)
        return sensitivities.espirit(kspace, sides, min(_KERNEL, *sides), crop=self.crop)

    def _calibration(self, mask: Tensor) -> tuple[int, int]:
        """Rows and columns around the zero frequency that are measured whole, as many as are used."""
        rows, columns = masks.measured_middle(mask)
        if min(rows, columns) < 2:
            raise ValueError(
                f"the mask keeps {rows} x {columns} coefficients around the zero frequency, expected at least 2 x 2 to "
                "estimate sensitivities from: raise center_fraction"
            )
        return min(rows, self.calibration), min(columns, self.calibration)


def _expect_unit_range(solver: Solver) -> None:
    if isinstance(solver, DenoiserSolver) and solver.denoiser.value_range != (0.0, 1.0):
        raise ValueError(
            f"the denoiser of {type(solver).__name__} has the value range {solver.denoiser.value_range}, but images "
            "are in units of their brightest pixel: give it one with value_range [0, 1]"
        )
    if isinstance(inner := getattr(solver, "solver", None), Solver):
        _expect_unit_range(inner)
