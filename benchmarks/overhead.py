"""What the engine costs: a sweep of instant cases, in seconds and in memory over its course.

    python benchmarks/overhead.py [--cases 20000]

The solver returns zeros. Each case still has its own A, y, errors, line and key.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import torch
from torch import Tensor

from lit_inverse.operators import Operator
from lit_inverse.solvers import Solution, Solver, Status, Trace, ValueRange

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import evaluate  # a script beside the packages

N_DIGITS = 200


class Nothing(Solver):
    """Returns zeros."""

    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        n_iter = torch.zeros(len(y), dtype=torch.long)
        return Solution(y.new_zeros(len(y), *operator.in_shape), [Status.CONVERGED] * len(y), n_iter)


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def watch(samples: list[float], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        samples.append(resident_megabytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20000)
    args = parser.parse_args()
    sweep = {
        "data": {"class_path": "datamodules.DigitsDataModule"},
        "operator": {"class_path": "lit_inverse.operators.Gaussian"},
        "vary": "m",
        "measurements": [20],
        "repeats": max(1, args.cases // N_DIGITS),
        "solvers": {"nothing": {"class_path": "overhead.Nothing"}},
        "logger": False,
    }
    samples: list[float] = []
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "overhead.yaml"
        config.write_text(json.dumps(sweep))
        threading.Thread(target=watch, args=(samples, stop), daemon=True).start()
        begin = time.perf_counter()
        code = evaluate.main(["--config", str(config), "--out", str(Path(folder) / "out")])
        seconds = time.perf_counter() - begin
        stop.set()
        n_lines = len((Path(folder) / "out" / "results.jsonl").read_text().splitlines())
    third = len(samples) // 3
    each = 1e3 * seconds / n_lines
    print(f"exit code {code}, {n_lines} cases in {seconds:.1f} s with start and report, {each:.2f} ms each")
    middle, last = max(samples[third : 2 * third]), max(samples[2 * third :])
    print(f"resident memory, largest of the middle third {middle:.0f} MiB, of the last third {last:.0f} MiB")


if __name__ == "__main__":
    main()
