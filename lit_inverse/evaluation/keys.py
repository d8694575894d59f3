"""Keys: a result is stored under the digest of all that determines it, and nothing else."""

import hashlib
import json
from typing import Any

from lit_inverse.evaluation.checks import Tried
from lit_inverse.evaluation.images import Image
from lit_inverse.evaluation.laws import versions_within
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.seeding import noise_seed, solver_seed


def case_key(sweep: Sweep, solver: str, setting: Tried, image: Image, level: float, repeat: int) -> str:
    """Of the result of one solver for one image, at one setting and noise level."""
    ingredients = {
        "x": image.content,
        "value_range": sweep.value_range,
        "operator": setting.operator,
        "operator_seed": sweep.operator_seed(image.drawn_for, repeat),
        "noise": [sweep.noise.identity(), level],
        "noise_seed": noise_seed(sweep.seed, image.id, repeat),
        "solver": setting.identities[solver],
        "version": sweep.solvers[solver].version,
        **versions_within(setting.identities[solver]),
        "solver_seed": solver_seed(sweep.seed, image.id, repeat),
        "dtype": str(sweep.dtype),
        "repeat": repeat,
    }
    return digest(ingredients)


def digest(ingredients: Any) -> str:
    """blake2b of canonical JSON, which results and diagnostics are stored under."""
    canonical = json.dumps(ingredients, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
