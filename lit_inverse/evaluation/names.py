"""What figures and their files call the settings of a sweep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lit_inverse.evaluation.grouping import Setting, shown
from lit_inverse.noise import Noise
from lit_inverse.solvers import ValueRange


@dataclass(frozen=True)
class Names:
    """The words for solvers, settings and noise.

    Attributes:
        labels: of the solvers, in their order, for people.
        vary: the operator's argument that the settings are values of; None where there is but one.
        value_range: of x.
        noise: its law.
        noise_levels: all of them.
    """

    labels: Mapping[str, str]
    vary: str | None
    value_range: ValueRange | None
    noise: type[Noise]
    noise_levels: Sequence[float]

    @property
    def symbol(self) -> str:
        """Of the setting."""
        return self.vary or "m"

    @property
    def unit(self) -> str:
        """Of x; empty for vectors."""
        return "" if self.value_range is None else "x in [{:g}, {:g}]".format(*self.value_range)

    @property
    def noise_axis(self) -> str:
        """Of the axis along which the noise level runs."""
        return "SNR (dB)" if self.noise.in_db else f"noise level: {self.noise.level_name()} of {self.noise.__name__}"

    def at_level(self, level: float) -> tuple[str, str]:
        """Additions of a noise level to file names and to titles; empty where there is no noise at all."""
        if list(self.noise_levels) == [math.inf if self.noise.in_db else 0.0]:
            return "", ""
        snr = "no noise" if level == math.inf else f"SNR {level:g} dB"
        return f"_noise{level:g}", f", {snr}" if self.noise.in_db else f", noise level {level:g}"

    def at_setting(self, setting: Setting) -> tuple[str, str]:
        """Additions of a setting to file names and to titles; empty where there is but one."""
        if self.vary is None:
            return "", ""
        return f"_{self.symbol}{shown(setting)}", f" at {self.symbol} = {shown(setting)}"

    def place(self, setting: Setting | None, level: float) -> str:
        """A setting, if it is one of several, and a noise level, for people."""
        of_setting = "" if setting is None else f"{self.symbol} = {shown(setting)}"
        return ", ".join(filter(None, [of_setting, self.at_level(level)[1].removeprefix(", ")]))
