"""What tests of tables share."""

from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write
