"""All networks, and the files of what was measured."""

from pathlib import Path

import torch

from lit_inverse.theory.jacobian_spectra.figure import draw
from lit_inverse.theory.jacobian_spectra.measurement import (
    DEEP_DECODER,
    SUBSPACES,
    VERSION,
    Angle,
    Value,
    deep_decoder,
    two_layer,
    two_layer_name,
    worst_error,
)
from lit_inverse.theory.records import expect, read_records, write_records


def run(
    out: Path = Path("runs/jacobian_spectra"),
    n: int = 300,
    width: int = 2000,
    half_widths: list[int] = [10, 30],  # noqa: B006
    decoder_n: int = 512,
    decoder_width: int = 64,
    iterations: list[int] = [0, 100, 1000],  # noqa: B006
    seed: int = 0,
    threads: int = 1,
) -> None:
    """Measures and writes values.csv, angles.csv and jacobian_spectra.png; about a minute of the processor.

    What values.csv holds already is not measured again; of the fit, with more iterations, it is: all of them.

    Args:
        out: folder.
        n: pixels of the two-layer generator, at least 51.
        width: its channels.
        half_widths: of its kernels; Fig. 3 has 10 and 30.
        decoder_n: pixels of the deep decoder, a multiple of 16 and at least 52.
        decoder_width: its channels.
        iterations: of its fit, at which the spectrum is measured.
        seed: of all weights, inputs and noise.
        threads: of the processor.

    Raises:
        ValueError: when a size is impossible, or values.csv holds values of other sizes, another seed or version.
    """
    if n < max(SUBSPACES) or decoder_n <= max(SUBSPACES) or decoder_n % 16:
        least = max(SUBSPACES)
        raise ValueError(
            f"n is {n} and decoder_n {decoder_n}, expected n >= {least} and decoder_n a multiple of 16 above {least}: "
            f"angles are those of up to {least} functions"
        )
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    values, angles = read_records(Value, out / "values.csv"), read_records(Angle, out / "angles.csv")
    for is_decoder, sizes in ((False, {"n": n, "width": width}), (True, {"n": decoder_n, "width": decoder_width})):
        those = [one for one in values if (one.network == DEEP_DECODER) == is_decoder]
        expect(those, out / "values.csv", **sizes, seed=seed, version=VERSION)
    # a run that was killed between the files has left angles without values
    angles = [one for one in angles if one.network in {value.network for value in values}]
    for half_width in half_widths:
        if two_layer_name(half_width) not in {one.network for one in values}:
            more, turned = two_layer(n, width, half_width, seed)
            values, angles = values + more, angles + turned
            _write(values, angles, out)
            print(f"half width {half_width}: error of the leading 50 values {worst_error(more):.1%}", flush=True)
    found = [{one.iteration for one in kept if one.network == DEEP_DECODER} for kept in (values, angles)]
    wanted = found[0] | set(iterations)
    if found != [wanted] * 2:
        values = [one for one in values if one.network != DEEP_DECODER]
        angles = [one for one in angles if one.network != DEEP_DECODER]
        for more, turned in deep_decoder(decoder_n, decoder_width, sorted(wanted), seed):
            values, angles = values + more, angles + turned
        _write(values, angles, out)
    draw(values, angles, out / "jacobian_spectra.png")
    print(f"{out / 'values.csv'}\n{out / 'jacobian_spectra.png'}")


def _write(values: list[Value], angles: list[Angle], out: Path) -> None:
    """Values last: what they hold is done."""
    write_records(Angle, angles, out / "angles.csv")
    write_records(Value, values, out / "values.csv")
