"""A hospital to talk to: small real programs, with faults on request."""
