import pytest

from lit_inverse.lit_modules import Undersampling
from lit_inverse.operators import masks
from lit_inverse.seeding import derive_seed


def test_each_acceleration_comes_with_its_block_and_equally_often() -> None:
    law = Undersampling((4.0, 8.0), (0.08, 0.04), "equispaced")
    counts: dict[int, int] = {}
    for i in range(200):
        mask = law.mask((3, 64), derive_seed(0, "operator", f"{i}", 0))
        n_kept, block = int(mask[0].sum()), 5 if mask[0].sum() == 16 else 3
        assert mask[:, 32 - block // 2 : 32 + (block + 1) // 2].all()
        counts[n_kept] = counts.get(n_kept, 0) + 1
    assert counts.keys() == {16, 8}
    assert 70 < counts[16] < 130


def test_masks_are_those_of_the_operator_with_the_same_seed() -> None:
    assert Undersampling((4.0,)).mask((2, 50), 9).equal(masks.cartesian((2, 50), 4, 0.08, "random", 9))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"accelerations": ()}, r"accelerations are \(\), expected one or more, all at least 1"),
        ({"accelerations": (4.0, 0.5)}, r"accelerations are \(4.0, 0.5\)"),
        ({"center_fractions": (0.1, 0.2)}, r"center_fractions are \(0.1, 0.2\), expected one for each of \(4.0,\)"),
        ({"kind": "spiral"}, "kind is 'spiral', expected one of random, equispaced, magic"),
    ],
)
def test_impossible_laws_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Undersampling(**settings)  # type: ignore[arg-type]


def test_a_block_that_is_too_large_is_refused_for_whichever_acceleration() -> None:
    with pytest.raises(ValueError, match="center_fraction 0.3 keeps"):
        Undersampling((4.0, 8.0), (0.08, 0.3)).check((8, 64))
