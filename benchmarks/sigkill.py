"""Kills a sweep with SIGKILL at random moments, restarts it each time, and compares with an undisturbed run.

    python benchmarks/sigkill.py [--kills 10] [--config FILE] [--seed 0] [-- further options of evaluate.py]

With one thread and batch_size 1 the errors must be equal to the last bit. Exits with 1 when anything differs.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ["--limit", "4", "--measurements", "[25, 100]", "--solvers.csdip.max_iter", "40"]


def start(config: Path, out: Path, options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "evaluate.py"), "--config", str(config), "--out", str(out)]
    command += ["--batch_size", "1", "--logger", "false", *options]
    # a session of its own: the kill reaches all its processes
    return subprocess.Popen(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, start_new_session=True
    )


def read(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def disturbed(config: Path, out: Path, options: list[str], kills: int, duration: float, source: random.Random) -> int:
    """Runs to the end through `kills` kills; returns how many of them hit a running sweep."""
    hit = 0
    for _ in range(kills):
        process = start(config, out, options)
        time.sleep(source.uniform(0.2, 0.9) * duration)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            hit += 1
        process.wait()
    if start(config, out, options).wait() != 0:
        raise SystemExit("the last, undisturbed start failed")
    return hit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "evaluate" / "digits.yaml")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("options", nargs="*", help="further options of evaluate.py, after --")
    args = parser.parse_args()
    options = args.options or DEFAULT
    with tempfile.TemporaryDirectory() as folder:
        undisturbed, killed = Path(folder) / "undisturbed", Path(folder) / "killed"
        begin = time.perf_counter()
        if start(args.config, undisturbed, options).wait() != 0:
            raise SystemExit("the undisturbed run failed")
        duration = time.perf_counter() - begin
        hit = disturbed(args.config, killed, options, args.kills, duration, random.Random(args.seed))
        expected, found = read(undisturbed), read(killed)
    lost = {row["key"] for row in expected} - {row["key"] for row in found}
    twice = len(found) - len({row["key"] for row in found})
    errors = {row["key"]: row["mse"] for row in expected}
    different = sum(errors.get(row["key"]) != row["mse"] for row in found)
    print(f"{len(expected)} cases in {duration:.1f} s undisturbed; {hit} of {args.kills} kills hit a running sweep")
    print(f"lost: {len(lost)}, twice: {twice}, mse not bitwise equal: {different}")
    return int(bool(lost or twice or different))


if __name__ == "__main__":
    sys.exit(main())
