"""Sweeps: cases, their runner, results, statistics, figures and report."""
