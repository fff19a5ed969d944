"""Readers of films: from a DICOM object to an answer, a decline and a map of which pixels spoke.

The order is that of trust: ``scope`` looks at the header, ``codestream`` and ``pixels`` decode what the
header promises, ``looks`` judges what was decoded, and only then the model in ``child`` is asked;
``film_reader`` is the parent's side. All that touches the object's bytes runs in the model's own process.
"""
