"""What an ONNX file is made of, for those who look at it: no Module is made of it.

`seen` tells of its operators and links, in which `repeats` finds the blocks; `formulas` and `statistics` are
what a page tells of an operator and of the numbers in a weight.
"""
