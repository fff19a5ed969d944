"""What the DICOM door answers: C-FIND, C-GET, C-MOVE and the modality worklist (PS3.4 annexes C, K)."""
