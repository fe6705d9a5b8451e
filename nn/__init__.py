"""A neural-net layer on top of autograd, made of scalar Values."""
