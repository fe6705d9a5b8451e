"""Files of named tensors: written whole or not at all, read without trust, sealed by a checksum."""
