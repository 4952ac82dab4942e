"""The gRPC services: they translate between the contract and the domain, and do nothing else."""
