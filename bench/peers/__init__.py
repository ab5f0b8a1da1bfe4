"""The peers: one module each, with prepare(name, kind, tensors, about, threads): what is
timed, what gives the result as an array laid out as ours, and the instruction set."""
