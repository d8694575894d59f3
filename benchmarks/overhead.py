"""What the engine costs: on a sweep of instant cases, in seconds and memory, and on one of CS-DIP, in per cent.

    python benchmarks/overhead.py [--cases 20000] [--images 8]

Instant cases: the solver returns zeros; each case still has its own A, y, errors, line and key. CS-DIP: digits at
m = 100, 1000 iterations, one restart. Counted is what comes after the imports; "in the loop" is all of
`lit_inverse.evaluation.runner.run` (Lightning, dealing, drawing A, measuring, errors, writing) without the seconds in
`Solver.solve`, before and after it are planning and report.
"""

import argparse
import functools
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from lit_inverse.evaluation import command
from lit_inverse.solvers import Given, Solution, Solver, Status

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import evaluate  # a script beside the packages

N_DIGITS = 200


class Nothing(Solver):
    """Returns zeros."""

    def _solve(self, given: Given) -> Solution:
        y = given.y
        n_iter = torch.zeros(len(y), dtype=torch.long)
        return Solution(y.new_zeros(len(y), *given.operator.in_shape), [Status.CONVERGED] * len(y), n_iter)


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def watch(samples: list[tuple[float, float]], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        samples.append((time.perf_counter(), resident_megabytes()))


@dataclass
class Clock:
    """Seconds spent in functions of the command, and when the last call of each began and ended."""

    seconds: Counter[str] = field(default_factory=Counter)
    last: dict[str, tuple[float, float]] = field(default_factory=dict)

    def watch(self, name: str) -> None:
        function = getattr(command, name)

        @functools.wraps(function)
        def timed(*args: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*args)
            finally:
                self.last[name] = (begin, time.perf_counter())
                self.seconds[name] += time.perf_counter() - begin

        setattr(command, name, timed)


def sweep(solver: dict[str, Any], m: int, **others: Any) -> dict[str, Any]:
    return {
        "data": {"class_path": "datamodules.DigitsDataModule", "init_args": {"value_range": [-1, 1]}},
        "operator": {"class_path": "lit_inverse.operators.Gaussian"},
        "vary": "m",
        "measurements": [m],
        "solvers": {"solver": solver},
        "threads": 1,
        "logger": False,
        **others,
    }


def run(content: dict[str, Any]) -> tuple[float, list[dict[str, Any]]]:
    """Seconds, and the result lines."""
    with tempfile.TemporaryDirectory() as folder:
        config, out = Path(folder) / "overhead.yaml", Path(folder) / "out"
        config.write_text(json.dumps(content))
        begin = time.perf_counter()
        if evaluate.main(["--config", str(config), "--out", str(out)]) != 0:
            raise SystemExit("the sweep failed")
        seconds = time.perf_counter() - begin
        return seconds, [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def instant(n_cases: int) -> None:
    samples: list[tuple[float, float]] = []
    stop, clock = threading.Event(), Clock()
    clock.watch("run")
    threading.Thread(target=watch, args=(samples, stop), daemon=True).start()
    cpu = time.process_time()
    seconds, rows = run(sweep({"class_path": "overhead.Nothing"}, 20, repeats=max(1, n_cases // N_DIGITS)))
    cpu = time.process_time() - cpu
    stop.set()
    print(
        f"{len(rows)} instant cases in {seconds:.1f} s ({cpu:.1f} s of processor time) with planning and report, "
        f"{1e3 * seconds / len(rows):.2f} ms each"
    )
    begin, end = clock.last["run"]
    in_loop = [megabytes for at, megabytes in samples if begin <= at <= end]
    third = len(in_loop) // 3
    print(
        f"resident memory, largest of the loop's first third {max(in_loop[:third]):.0f} MiB, of its last third "
        f"{max(in_loop[2 * third :]):.0f} MiB, with the report {max(megabytes for _, megabytes in samples):.0f} MiB"
    )


def csdip(n_images: int) -> None:
    clock = Clock()
    for name in ("plan", "run", "write_report"):
        clock.watch(name)
    total, rows = run(sweep({"class_path": "lit_inverse.solvers.DeepPrior"}, 100, limit=n_images))
    solving = sum(row["seconds"] for row in rows)
    loop = clock.seconds["run"] - solving
    print(f"{len(rows)} CS-DIP cases of 1000 iterations: {solving:.1f} s in the solver")
    print(f"in the loop outside the solver {loop:.2f} s, {100 * loop / clock.seconds['run']:.2f} % of the loop")
    print(
        f"planning {clock.seconds['plan']:.2f} s, report {clock.seconds['write_report']:.2f} s; "
        f"all that is not the solver {100 * (total - solving) / total:.1f} % of {total:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20000, help="instant ones; 0 for none")
    parser.add_argument("--images", type=int, default=8, help="of the CS-DIP sweep; 0 for none")
    args = parser.parse_args()
    if args.cases:
        instant(args.cases)
    if args.images:
        csdip(args.images)


if __name__ == "__main__":
    main()
