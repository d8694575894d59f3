"""Draws the masks of docs/operators.md: python docs/draw_masks.py, from the root of the repository."""

from pathlib import Path

from matplotlib.figure import Figure
from torch import Tensor

from lit_inverse.operators import masks

PICTURES = Path(__file__).parent / "pictures"
SHAPE = (256, 256)


def draw(name: str, panels: dict[str, Tensor]) -> None:
    """Masks side by side, one pixel per coefficient, each with its number of coefficients."""
    pixels, gap, title = SHAPE[0], 12, 40
    width, height = len(panels) * (pixels + gap) + gap, pixels + title + gap
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    for number, (label, mask) in enumerate(panels.items()):
        left = gap + number * (pixels + gap)
        axes = figure.add_axes((left / width, gap / height, pixels / width, pixels / height))
        axes.imshow(mask, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{label}\n{int(mask.sum())} coefficients", fontsize=9)
    figure.savefig(PICTURES / f"{name}.png", pil_kwargs={"optimize": True})


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    draw("radial", {f"{lines} lines": masks.radial(SHAPE, lines) for lines in (3, 5, 10, 20)})
    draw(
        "radial_all",
        {f"{lines} lines, whole": masks.radial(SHAPE, lines, half=False, zero_frequency=True) for lines in (10, 20)},
    )
    kinds: tuple[masks.Columns, ...] = ("random", "equispaced", "magic")
    draw("cartesian", {f"{kind}, acceleration 4": masks.cartesian(SHAPE, 4, 0.08, kind) for kind in kinds})
    draw("poisson_disc", {f"acceleration {r}": masks.poisson_disc(SHAPE, r) for r in (4, 8, 16)})


if __name__ == "__main__":
    main()
