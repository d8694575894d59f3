"""The deterministic conditions of recovery with random ReLU networks, beside the recovery they are to explain.

    python -m lit_inverse.theory.recovery_conditions [--out runs/recovery_conditions] [--help]

Expansive networks, each layer 1.5 times as wide as the one before, and contractive ones of the same widths in reverse
order: the constants WDC, R2WDC and RRIC (Cocola 2022, Def. 4.1 to 4.3) as far as search finds them, and how often
Algorithm 1 recovers G(z) from m measurements, against the width and the depth.
"""
