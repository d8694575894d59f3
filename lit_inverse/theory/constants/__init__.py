"""Constants of recovery theorems, for the operator and the network at hand.

Of a supremum over a continuum only a lower bound can be had: the worst case found among samples and by ascent from the
worst of these. An `Estimate` says which it is.
"""
