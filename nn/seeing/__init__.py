"""Seeing it learn: loss curves, decision boundaries, weights as images, a training as a film.

Every plot shows itself in a notebook and is saved as a file; all share one look, light and dark.
They need the packages of the ``train`` extra.

>>> from nn import seeing
>>> seeing.curves({"loss": [0.9, 0.4]})
<plot: the training, epoch by epoch>
"""

try:
    from nn.seeing.curve_plots import curves, fitted, lines, loss_curve, predicted_against_true, scores
    from nn.seeing.film import Film, Frame
    from nn.seeing.function_plots import functions
    from nn.seeing.health_plots import health
    from nn.seeing.image_plots import confusion, confusion_counts, images, matrices, table
    from nn.seeing.language import attention, beliefs
    from nn.seeing.onnx_files import outline
    from nn.seeing.plane import Points, around, boundary, decision_boundary, neurons
    from nn.seeing.playground_page import Playground, playground
    from nn.seeing.style import class_colours
except ModuleNotFoundError as error:
    raise ImportError(f'plots need {error.name}: pip install "chainrule[train]"') from error

__all__ = [
    "Film", "Frame", "Playground", "Points", "around", "attention", "beliefs", "boundary", "class_colours",
    "confusion", "confusion_counts", "curves", "decision_boundary", "fitted", "functions", "health", "images",
    "lines", "loss_curve", "matrices", "neurons", "outline", "playground", "predicted_against_true", "scores",
    "table",
]  # fmt: skip
