"""Streams of random numbers."""

from lit_inverse.seeding import derive_seed


def test_a_seed_depends_on_each_ingredient() -> None:
    base = (0, "noise", "test/1", 0)
    others = [
        (1, "noise", "test/1", 0),
        (0, "operator", "test/1", 0),
        (0, "noise", "test/11", 0),
        (0, "noise", "test/1", 1),
    ]
    seeds = {derive_seed(*arguments) for arguments in [base, *others]}  # type: ignore[arg-type]
    assert len(seeds) == 5


def test_seeds_are_the_same_for_ever() -> None:
    assert derive_seed(0, "operator", "test/0", 0) == SEED
    assert 0 <= SEED < 2**63


SEED = 7638329414201076076
