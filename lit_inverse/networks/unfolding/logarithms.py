"""Positive numbers that are trained as their logarithms."""

from torch import nn


class Logarithms(nn.ParameterList):
    """log of what each layer has one positive number of, or one per entry: thresholds, steps.

    They stay positive, and a step of their training is relative. They have a learning rate of their own, and can be
    searched for.
    """
