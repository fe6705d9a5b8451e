"""The exercises of the lessons, and who grades them."""

from autograd.testing.exercises.catalogue import EXERCISES, grade
from autograd.testing.exercises.grading import Grade

__all__ = ["EXERCISES", "Grade", "grade"]
