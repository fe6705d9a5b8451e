"""Networks carried away: as ONNX files, and as PyTorch's modules, which come back too."""
