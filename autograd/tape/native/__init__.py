"""A small part of Python as machine code: `language` writes LLVM's assembly, `machine_code` runs it."""
