"""The receiving half of the DICOM door: sockets, threads and files around the pure halves."""
