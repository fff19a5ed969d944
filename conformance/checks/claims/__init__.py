"""The claims, by what they are about; ``conformance.checks.table`` puts them in order."""
