"""What TVAL3 is made of: an augmented Lagrangian, lowered by steps with a line search."""
