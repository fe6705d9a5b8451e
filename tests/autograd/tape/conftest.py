"""The tape is tested where its packages are installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("llvmlite") and find_spec("scipy") else ["test_*.py"]
