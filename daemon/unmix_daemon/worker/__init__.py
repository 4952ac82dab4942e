"""The worker: one process for each device, which reads, computes and writes. Only this part loads models."""
