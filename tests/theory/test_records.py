"""Files of measured records."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lit_inverse.theory.records import read_records, write_records


@dataclass(frozen=True)
class Trial:
    m: int
    error: float
    law: int = 1


def test_records_come_back(tmp_path: Path) -> None:
    trials = [Trial(3, 0.5, 2), Trial(4, 1e-17)]
    write_records(Trial, trials, tmp_path / "trials.csv")
    assert read_records(Trial, tmp_path / "trials.csv") == trials


def test_older_files_may_lack_what_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("m,error\n3,0.5\n")
    assert read_records(Trial, tmp_path / "trials.csv") == [Trial(3, 0.5)]


@pytest.mark.parametrize("content", ["", "m\n3\n", "m,error,eta\n3,0.5,1\n"])
def test_files_of_other_columns_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "trials.csv").write_text(content)
    with pytest.raises(ValueError, match=r"trials.csv has columns .*, expected m, error, law: give another out"):
        read_records(Trial, tmp_path / "trials.csv")
