"""The benchmark: our loads against a loopback server, us and our peers in turn. `python -m benchmarks -h`."""
