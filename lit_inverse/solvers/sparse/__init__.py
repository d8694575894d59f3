"""The Lasso: its objective, and the algorithms that minimise it."""
