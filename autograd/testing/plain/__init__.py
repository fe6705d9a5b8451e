"""Gradients of anyone's functions of plain numbers, compared with differences."""
