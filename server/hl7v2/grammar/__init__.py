"""What a message of a kind and version must look like, and its reading into groups.

The tables are hl7apy's (messages, groups, segments, fields, datatypes of 2.3 to 2.8.2), compiled once and
walked by a reader of our own; what we ask beyond them and what we overlook stands in ``profile``.
"""
