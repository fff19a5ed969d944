"""Routing: policy, comparison, the audit lottery, matching, deadlines. Pure; only files are read."""
