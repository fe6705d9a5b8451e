"""ONNX files, there and back.

There: `operators` and `rows` (which operator each Module is), `own` (Modules of one's own), `bodies`
(operators as functions of a file) and `graph` (the file while it is written).  Back: `reading` (what a file
says), `network` (its nodes as Modules), `values` and `layers` (what an operator computes, of `arrays` of
Values), and `again` (a file that was read, written).
"""
