"""Training: the loop, its engines, its record."""
