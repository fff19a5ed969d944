"""The pens: nouns in, R4 resources out. Pure: no clock, no store, no network."""
