"""Eighteen cases, from the hospital's request to what the hospital finds in its own chart."""
