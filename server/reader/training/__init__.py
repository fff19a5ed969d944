"""How the model of ``bacterial-meningitis`` is made and measured; not needed to run the server.

``python -m server.reader.training train`` fits the model and writes its file and the lower part of its
card; ``evaluate`` measures again and fails when the card says otherwise; ``compare`` measures what other
inputs would have given (docs/decisions/0003-gram-stain.md).
"""
