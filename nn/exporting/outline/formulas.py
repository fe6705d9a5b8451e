"""What each operator computes, in a line: for those who read a file.

The names are those of the operators' inputs, the first of which is x or a here where it has no other.
"""

from __future__ import annotations

FORMULAS = {
    "Relu": "max(x, 0)", "LeakyRelu": "x, and alpha · x below 0", "PRelu": "x, and slope · x below 0",
    "Elu": "x, and alpha · (eˣ − 1) below 0", "Selu": "gamma · x, and gamma · alpha · (eˣ − 1) below 0",
    "Gelu": "x · Φ(x): how probable a smaller number is in a standard normal distribution",
    "Silu": "x / (1 + e⁻ˣ)", "Softplus": "ln(1 + eˣ)", "Sigmoid": "1 / (1 + e⁻ˣ)",
    "Tanh": "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)", "Sin": "sin x", "Cos": "cos x", "Tan": "tan x", "Asin": "arcsin x",
    "Acos": "arccos x", "Atan": "arctan x", "Sinh": "(eˣ − e⁻ˣ) / 2", "Cosh": "(eˣ + e⁻ˣ) / 2",
    "Asinh": "arsinh x", "Acosh": "arcosh x", "Atanh": "artanh x", "Sqrt": "√x", "Exp": "eˣ", "Log": "ln x",
    "Erf": "2/√π · ∫₀ˣ exp(−t²) dt", "Neg": "−x", "Abs": "|x|", "Reciprocal": "1 / x",
    "Floor": "the largest whole number that is not above x",
    "Round": "the nearest whole number, the even one of two",
    "Add": "a + b", "Sub": "a − b", "Mul": "a · b, number by number", "Div": "a / b", "Pow": "aᵇ",
    "Mod": "the rest of a / b", "Min": "the smallest of its inputs, number by number",
    "Max": "the largest of its inputs, number by number", "Sum": "the sum of its inputs, number by number",
    "Clip": "x, but not below min and not above max", "Where": "a where the condition holds, else b",
    "Equal": "a = b", "Less": "a < b", "LessOrEqual": "a ≤ b", "Greater": "a > b", "GreaterOrEqual": "a ≥ b",
    "Not": "not x", "And": "a and b", "Or": "a or b",
    "MatMul": "a · b, the product of matrices", "Gemm": "alpha · A·B + beta · C",
    "Conv": "W·x + B, for what of X lies in each window",
    "MaxPool": "the largest number in each window", "AveragePool": "the mean of each window",
    "GlobalAveragePool": "the mean of each plane", "GlobalMaxPool": "the largest number of each plane",
    "BatchNormalization": "scale · (x − mean) / √(var + epsilon) + B, channel by channel",
    "LayerNormalization": "scale · (x − mean) / √(variance + epsilon) + B, row by row",
    "RMSNormalization": "scale · x / √(mean of x² + epsilon), row by row",
    "Softmax": "exp(x) / the sum of exp(x) along the axis",
    "LogSoftmax": "x − ln of the sum of exp(x) along the axis",
    "RNN": "h = f(W·x + R·h + B), step by step", "LSTM": "c = f · c + i · c̃ and h = o · tanh c, step by step",
    "GRU": "h = (1 − z) · h̃ + z · h, step by step",
    "Attention": "softmax(Q·Kᵀ / √d) · V, head by head", "Embedding": "the row of the weights for each id",
    "Positions": "0, 1, 2, … for each sample", "Identity": "x as it is",
    "Dropout": "x as it is, out of training", "Cast": "x in another type of numbers",
    "Flatten": "x as a matrix", "Reshape": "the numbers of x in another shape",
    "Squeeze": "x without axes of size 1", "Unsqueeze": "x with more axes of size 1",
    "Transpose": "x with its axes in another order", "Concat": "its inputs side by side along the axis",
    "Split": "x in parts along the axis", "Slice": "a part of x, from starts to ends",
    "Gather": "the entries of data that indices name, along the axis", "Pad": "x with numbers around it",
    "Expand": "x repeated up to a shape", "Shape": "the shape of x",
    "ConstantOfShape": "one number, in this shape", "Range": "start, start + delta, … below limit",
    "ReduceSum": "the sum along the axes", "ReduceMean": "the mean along the axes",
    "ReduceMax": "the largest along the axes", "ReduceMin": "the smallest along the axes",
    "ReduceLogSumExp": "ln of the sum of exp(x) along the axes",
}  # fmt: skip
"""For each operator that is read, the formula or a few words."""
