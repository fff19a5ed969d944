"""DICOMweb (PS3.18): studies are searched (QIDO-RS), fetched (WADO-RS) and sent (STOW-RS) over HTTP.

Pure: ``exchange``, ``media``, ``keys``, ``multipart``, ``told``, ``outcome``. ``door`` is Flask's.
"""
