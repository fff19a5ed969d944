"""How the models of ``bacterial-meningitis`` are made and measured; not needed to run the server.

``python -m server.reader.training train`` fits the first model and writes its file and the lower part of its
card; ``evaluate`` measures again and fails when the card says otherwise; both do the same for the other model
with ``--other`` (docs/decisions/0037-another-model.md). ``compare`` measures what other inputs would have
given (docs/decisions/0003-gram-stain.md).
"""
