"""The DICOM door: what modalities and archives speak (PS3.5, PS3.7, PS3.8)."""
