"""Every Module in other languages: the value and the gradients that the engine has."""

from autograd import Value, functions
from autograd.source.program import Graph
from tests.autograd.source.conftest import javascript
from tests.autograd.source.running import every_language
from tests.nn.saving.test_every_module import NN
from tests.thorough import ALL

__all__ = ["javascript"]


def values_in(result):
    """The Values of a result, whatever it is made of."""
    if isinstance(result, Value):
        yield result
    elif isinstance(result, list | tuple):
        for part in result:
            yield from values_in(part)


def test_every_module_round_trips(tmp_path, javascript):
    cases = []
    for make, x in NN.values():
        model = make()
        model.eval()
        outputs = list(values_in(model(x)))
        graph = Graph.of(functions.sum([(0.5 + i) * y for i, y in enumerate(outputs)]))
        if len(graph.nodes) > 2_000 and not ALL:
            continue  # of what smaller ones have as well; C takes long to compile them
        numbers = [v.data for v in graph.leaves]
        cases.append((graph, [numbers, [x + 0.125 for x in numbers]]))
    every_language(cases, tmp_path, javascript)
