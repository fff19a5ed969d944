"""How the reader of "child-pneumonia" was made and measured. Needs torch (requirements-train.txt), which the
server never loads: what is committed is an ONNX file that ``server.reader.film`` runs without it.
"""
