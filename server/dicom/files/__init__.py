"""Objects out of files: a folder, a ZIP, a file-set with its DICOMDIR (PS3.10)."""
