"""What ``python -m nn train mnist`` is measured beside: ``python -m tests.benchmarks.mnist_in_torch FOLDER``.

Reads the four files, trains 784-128-10 by Adam in batches of 128 and tells the test accuracy, as a user of
PyTorch would write it.  Further arguments: epochs, precision, threads.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: Path, epochs: int = 5, dtype: str = "float64", threads: int = 1) -> None:
    """Train and tell."""
    import torch

    torch.set_num_threads(threads)

    def read(part: str, offset: int) -> Any:
        content = gzip.decompress((folder / f"{part}-ubyte.gz").read_bytes())
        return torch.tensor(np.frombuffer(content, np.uint8, offset=offset))

    precision = getattr(torch, dtype)
    X, X_test = (read(f"{part}-images-idx3", 16).view(-1, 784).to(precision) for part in ("train", "t10k"))
    y, y_test = (read(f"{part}-labels-idx1", 8).long() for part in ("train", "t10k"))
    mean, std = X.mean(), X.std()
    X, X_test = (X - mean) / std, (X_test - mean) / std
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).to(
        X.dtype
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(epochs):
        for batch in torch.randperm(len(X)).split(128):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        print(f"test accuracy {(model(X_test).argmax(1) == y_test).double().mean():.2%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(kind(text) for kind, text in zip((int, str, int), sys.argv[2:], strict=False)))
