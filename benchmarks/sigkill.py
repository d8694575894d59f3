"""Kills sweeps of mixed solvers with SIGKILL at random moments, restarts them, and compares with an undisturbed one.

    python benchmarks/sigkill.py [--kills 10] [--config FILE] [--seed 0] [--two 0.2] [-- further options of evaluate.py]

A start that is not killed before its end ends a round: its files are compared with those of an undisturbed run, and the
next round begins in an empty folder. The next start follows at once upon a kill.

- One start in six is killed during start-up: the command is run, and killed while it imports.
- The others are killed at a moment drawn uniformly from the rest of an undisturbed life: planning, solving, writing,
  report. To save the seconds of imports they are forked from this process, which has done them.
- The share `--two` of these are sweeps in two processes, of which both, the first or the second are killed.

Counted are results that were in a file at a kill and are not at the end (lost), keys with more than one line (twice),
mse that differ in a bit, reconstructions that differ, and tables that differ in other columns than seconds (with one
thread and batch_size 1 nothing may). Exits with 1 unless all are zero.
"""

import argparse
import csv
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded: a process with threads can not be forked
ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ["--limit", "4", "--measurements", "[25, 100]", "--solvers.csdip.max_iter", "20"]
DEFAULT += ["--solvers.csgm.max_iter", "30"]

sys.path.insert(0, str(ROOT))
import evaluate  # noqa: E402
import lit_inverse.evaluation.command  # noqa: E402, F401  # the imports that take seconds

Process = multiprocessing.context.ForkProcess


@dataclass(frozen=True)
class Command:
    """evaluate.py with its options."""

    config: Path
    options: list[str]

    def argv(self, out: Path, n_processes: int = 1) -> list[str]:
        argv = ["--config", str(self.config), "--out", str(out), "--batch_size", "1", "--threads", "1"]
        argv += ["--logger", "false", *self.options]
        return argv if n_processes == 1 else [*argv, "--trainer.accelerator=cpu", f"--trainer.devices={n_processes}"]

    def start(self, out: Path) -> subprocess.Popen[bytes]:
        """As from a shell, in a session of its own."""
        command = [sys.executable, str(ROOT / "evaluate.py"), *self.argv(out)]
        with log_of(out).open("wb") as log:
            return subprocess.Popen(command, start_new_session=True, stdout=log, stderr=log)

    def fork(self, out: Path, n_processes: int) -> Process:
        """The same without the imports."""
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(out, n_processes))
        process.start()
        return process

    def _run(self, out: Path, n_processes: int) -> None:
        os.setsid()  # a kill can reach all its processes
        log = os.open(log_of(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.argv = [str(ROOT / "evaluate.py"), *self.argv(out, n_processes)]  # what Lightning starts the second with
        sys.exit(evaluate.main(sys.argv[1:]))


def log_of(out: Path) -> Path:
    return out.with_suffix(".log")


def lines(out: Path) -> list[tuple[str, float]]:
    """Key and mse of each whole line."""
    files = [path.read_bytes() for path in out.glob("results*.jsonl")]
    rows = [json.loads(line) for content in files for line in content.split(b"\n")[:-1]]
    return [(row["key"], row["mse"]) for row in rows]


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return [{name: row[name] for name in row if "seconds" not in name} for row in csv.DictReader(file)]


def kill(process: Process, victim: str) -> None:
    """Kills both processes, or one of them."""
    second = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    if victim == "the second" and second:
        os.kill(int(second[0]), signal.SIGKILL)  # Lightning ends the first one then
    elif victim == "the first of two":
        os.kill(process.pid, signal.SIGKILL)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.join(120)


class Undisturbed:
    """Results and durations of a sweep that nobody kills."""

    def __init__(self, command: Command, folder: Path) -> None:
        self.out, begin = folder / "undisturbed", time.perf_counter()
        process = command.start(self.out)
        while not self.out.exists() and process.poll() is None:
            time.sleep(0.02)
        self.start_up = time.perf_counter() - begin
        if process.wait() != 0:
            raise SystemExit(f"the undisturbed run failed:\n{log_of(self.out).read_text()}")
        self.seconds = {n: self._fork(command, folder / f"forked{n}", n) for n in (1, 2)}
        self.results = dict(lines(self.out))

    @staticmethod
    def _fork(command: Command, out: Path, n_processes: int) -> float:
        begin = time.perf_counter()
        process = command.fork(out, n_processes)
        process.join()
        if process.exitcode != 0:
            raise SystemExit(f"the undisturbed run failed:\n{log_of(out).read_text()}")
        return time.perf_counter() - begin

    def differences(self, out: Path, seen: dict[str, float]) -> Counter[str]:
        """What is wrong with a sweep that came to its end; `seen` are the results found at its kills."""
        found = lines(out)
        counts = Counter(key for key, _ in found)
        wrong = Counter(lost=len((seen.keys() | self.results.keys()) - counts.keys()))
        wrong["twice"] = sum(count - 1 for count in counts.values())
        wrong["mse"] = sum(self.results.get(key) != mse or seen.get(key, mse) != mse for key, mse in found)
        names = {path.name for folder in (out, self.out) for path in (folder / "reconstructions").glob("*.npy")}
        pairs = [[folder / "reconstructions" / name for folder in (out, self.out)] for name in names]
        wrong["reconstructions"] = sum(not a.exists() or a.read_bytes() != b.read_bytes() for a, b in pairs)
        for name in ("summary.csv", "comparisons.csv"):
            wrong["tables"] += table(out / name) != table(self.out / name)
        return wrong


@dataclass
class Killer:
    """Starts and kills; counts what it hit."""

    command: Command
    undisturbed: Undisturbed
    source: random.Random
    two: float
    hits: Counter[str]

    def round(self, out: Path) -> dict[str, float]:
        """Starts a sweep again and again until it ends before it is killed; returns the results found at its kills."""
        seen: dict[str, float] = {}
        while True:
            if self.source.random() < 1 / 6:
                self._kill_in_start_up(out)
            elif self._ended(out, seen):
                return seen

    def _kill_in_start_up(self, out: Path) -> None:
        process = self.command.start(out)
        time.sleep(self.source.uniform(0, self.undisturbed.start_up))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.hits.update(["kills", "in start-up"])

    def _ended(self, out: Path, seen: dict[str, float]) -> bool:
        n_processes = 2 if self.source.random() < self.two else 1
        victims = ["both of two", "the first of two", "the second"] if n_processes == 2 else ["the only one"]
        victim = self.source.choice(victims)
        process = self.command.fork(out, n_processes)
        process.join(self.source.uniform(0, self.undisturbed.seconds[n_processes]))
        if process.exitcode is not None:
            if process.exitcode != 0:
                self.hits["starts that failed by themselves"] += 1
                print(log_of(out).read_text())
            return True
        there = dict(lines(out))
        share = "no" if not there else "some" if len(there) < len(self.undisturbed.results) else "all"
        kill(process, victim)
        self.hits.update(["kills", f"with {share} results there", f"victim: {victim}"])
        seen |= there
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "evaluate" / "digits.yaml")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--two", type=float, default=0.2, help="share of the kills that meet two processes")
    parser.add_argument("options", nargs="*", help="further options of evaluate.py, after --")
    args = parser.parse_args()
    hits, wrong = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        command = Command(args.config, args.options or DEFAULT)
        undisturbed = Undisturbed(command, Path(folder))
        wrong.update(undisturbed.differences(Path(folder) / "forked2", {}))
        killer = Killer(command, undisturbed, random.Random(args.seed), args.two, hits)
        while hits["kills"] < args.kills:
            hits["rounds"] += 1
            out = Path(folder) / f"round{hits['rounds']}"
            wrong.update(undisturbed.differences(out, killer.round(out)))
            print(f"{dict(hits)}; wrong: {dict(wrong)}", flush=True)
    life = ", ".join(f"{n} processes {seconds:.1f} s" for n, seconds in undisturbed.seconds.items())
    print(f"{len(undisturbed.results)} cases; start-up {undisturbed.start_up:.1f} s, then undisturbed: {life}")
    print(", ".join(f"{name} {count}" for name, count in hits.items()))
    print(
        f"results lost: {wrong['lost']}, twice: {wrong['twice']}, mse not bitwise equal: {wrong['mse']}, "
        f"reconstructions not equal: {wrong['reconstructions']}, tables not equal: {wrong['tables']}"
    )
    return int(any(wrong.values()) or hits["starts that failed by themselves"] > 0)


if __name__ == "__main__":
    sys.exit(main())
