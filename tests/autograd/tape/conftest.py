"""The tape is tested on both executors: as machine code, where its packages are installed, and by NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

if find_spec("numpy") is None:
    collect_ignore_glob = ["*"]
else:
    from autograd.tape import compiler

    MACHINE_CODE = pytest.mark.skipif(bool(compiler.missing()), reason="nothing to make machine code with")
    collect_ignore_glob = ["test_compiled.py", "native/*"] if compiler.missing() else []

    @pytest.fixture(params=[pytest.param("machine code", marks=MACHINE_CODE), "NumPy"], scope="module")
    def executor(request: pytest.FixtureRequest) -> Iterator[str]:
        """Which executor replays the tapes of a test."""
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "NumPy":
                patch.setattr(compiler, "missing", lambda: ("a compiler",))
            yield request.param
