"""Whether a sweep gives the same results in any number of processes, size of batches and order of cases.

    python benchmarks/exactness.py [--processes 1 2 4] [--batch_sizes 1 3 16] [--images 50] [-- further options]

Runs the sweep once for each pair, all but the first with its cases in a random order, in float64 with one thread per
process, and compares with the first, undisturbed one (one process, batches of 1): keys must be the same, none twice;
with batches of 1 all mse must be equal to the last bit; in larger ones those of stable solvers to 1e-6 relative, and
the mean of the others must lie in the 95 % t-interval of the first run's mean. Exits with 1 unless all hold.
"""

import argparse
import dataclasses
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SWEEP: dict[str, Any] = {
    "data": {"class_path": "datamodules.DigitsDataModule", "init_args": {"value_range": [-1, 1]}},
    "operator": {"class_path": "lit_inverse.operators.Gaussian"},
    "vary": "m",
    "measurements": [50],
    "noise_levels": [0.01],
    "solvers": {
        "lasso_dct": {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"basis": "dct", "lam": 0.01}},
        "lasso_wavelet": {"class_path": "lit_inverse.solvers.Lasso", "init_args": {"basis": "wavelet", "lam": 0.01}},
        "csgm": {
            "class_path": "lit_inverse.solvers.LatentSearch",
            "init_args": {
                "generator": str(ROOT / "checkpoints" / "vae_digits.pt"),
                "max_iter": 30,
                "lr": 0.1,
                "n_restarts": 2,
            },
        },
        # narrow, to be fast; by default it fits one image at a time on a CPU, also in a batch: that would be no test
        "csdip": {
            "class_path": "lit_inverse.solvers.DeepPrior",
            "init_args": {
                "network": {"class_path": "lit_inverse.networks.DCGANGenerator", "init_args": {"width": 8}},
                "max_iter": 100,
                "max_parallel": 16,
            },
        },
    },
}


def run_shuffled(seed: int, argv: list[str]) -> int:
    """evaluate.py with its cases in a random order, the same in all its processes; seed 0 leaves them as they are."""
    sys.path.insert(0, str(ROOT))
    import evaluate
    from lit_inverse.evaluation import command
    from lit_inverse.evaluation.cases import Plan
    from lit_inverse.evaluation.sweep import Sweep

    original = command.plan

    def shuffled(sweep: Sweep) -> Plan:
        planned = original(sweep)
        cases = list(planned.cases)
        if seed:
            random.Random(seed).shuffle(cases)
        return dataclasses.replace(planned, cases=cases)

    command.plan = shuffled
    return evaluate.main(argv)


def run(
    config: Path, out: Path, n_processes: int, batch_size: int, seed: int, others: list[str]
) -> list[dict[str, Any]]:
    """Result lines of a sweep."""
    command = [sys.executable, str(Path(__file__).resolve()), "--shuffled", str(seed), "--", "--config", str(config)]
    command += ["--out", str(out), "--logger", "false", "--threads", "1", "--trainer.precision", "64-true"]
    command += ["--batch_size", str(batch_size), *others]
    command += ["--trainer.accelerator", "cpu", "--trainer.devices", str(n_processes)]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return [json.loads(line) for path in out.glob("results*.jsonl") for line in path.read_text().splitlines()]


def compare(first: list[dict[str, Any]], rows: list[dict[str, Any]], batch_size: int) -> tuple[str, bool]:
    """What is found, solver by solver, and whether it is as it must be."""
    from lit_inverse.intervals import t_interval

    reference = {row["key"]: row["mse"] for row in first}
    counts = Counter(row["key"] for row in rows)
    good = counts.keys() == reference.keys() and counts.total() == len(reference)
    parts = ["keys the same, none twice" if good else "KEYS DIFFER"]
    for solver in dict.fromkeys(row["solver"] for row in first):
        pairs = [(row["mse"], reference[row["key"]]) for row in rows if row["solver"] == solver]
        apart = max(abs(found - expected) / expected for found, expected in pairs)
        low, high = t_interval([expected for _, expected in pairs])
        mean = sum(found for found, _ in pairs) / len(pairs)
        stable = "lasso" in solver
        right = apart < 1e-6 if stable else low <= mean <= high
        right = apart == 0.0 if batch_size == 1 else right
        good &= right
        said = f"mean {mean:.4f} in [{low:.4f}, {high:.4f}]" if not stable else ""
        parts.append(f"{solver} {'equal' if apart == 0.0 else f'{apart:.1e} {said}'}{'' if right else ' WRONG'}")
    return "; ".join(parts), good


def main() -> int:
    if sys.argv[1:2] == ["--shuffled"]:
        return run_shuffled(int(sys.argv[2]), sys.argv[4:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--batch_sizes", type=int, nargs="+", default=[1, 3, 16])
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("options", nargs="*", help="further options of evaluate.py, after --")
    args = parser.parse_args()
    others = ["--limit", str(args.images), *args.options]
    good = True
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "sweep.json"
        config.write_text(json.dumps(SWEEP))
        first = run(config, Path(folder) / "first", 1, 1, 0, others)
        print(f"{len(first)} cases, {args.images} of each solver; largest relative difference of mse to the first run")
        for number, n_processes in enumerate(args.processes):
            for batch_size in args.batch_sizes:
                seed, out, begin = 10 * number + batch_size, Path(folder) / f"{n_processes}_{batch_size}", time.time()
                found, right = compare(first, run(config, out, n_processes, batch_size, seed, others), batch_size)
                good &= right
                print(
                    f"{n_processes} processes, batches of {batch_size} ({time.time() - begin:.0f} s): {found}",
                    flush=True,
                )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
