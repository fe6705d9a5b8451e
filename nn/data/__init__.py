"""Data sets: some that are always at hand, MNIST's files, tables in files and in memory.

A `Dataset` is rows of numbers with one target each.  `load` finds one by name or path; `from_arrays`
and `from_frame` read what NumPy and pandas hold; `split` keeps some rows out of training; `Scaler`
brings the columns to a common size and back.

>>> data = load("xor")
>>> data.X, data.y
([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
"""

from nn.data.dataset import Dataset, remarks, split
from nn.data.planar import circles, clusters, hills, moons, quadrants, ramp, spirals
from nn.data.scaling import Scaler
from nn.data.sets import FOLDERS, NAMED, cancer, diabetes, digits, idx, iris, load, mnist, wine, xor
from nn.data.tables import from_arrays, from_csv, from_frame

__all__ = [
    "FOLDERS", "NAMED", "Dataset", "Scaler", "cancer", "circles", "clusters", "diabetes", "digits",
    "from_arrays", "from_csv", "from_frame", "hills", "idx", "iris", "load", "mnist", "moons", "quadrants",
    "ramp", "remarks", "spirals", "split", "wine", "xor",
]  # fmt: skip
