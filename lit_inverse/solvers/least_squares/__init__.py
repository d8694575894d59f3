"""Regularised least squares and what can be known of A by applying it: the data steps of splitting methods."""
