"""The DICOM pens: an opinion on a film in, DICOM objects out. Pure: no clock, no files, no network."""
