"""What `import nn` costs: the standard library only."""

import subprocess
import sys

LOADED = """
import sys
before = set(sys.modules)
import nn
own = {"autograd", "nn"} | set(sys.stdlib_module_names)
print(sorted(name for name in set(sys.modules) - before if name.split(".")[0] not in own))
"""


def test_importing_nn_loads_the_standard_library_only():
    found = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
