"""Why a film is not read. Pure; no sentence quotes what the film says."""

from __future__ import annotations

from enum import StrEnum


class Outside(StrEnum):
    """One reason to decline, as people read it."""

    NOT_DICOM = "the object is not a DICOM file that can be read"
    SOP_CLASS = "the object is not a CR or DX image for presentation; other modalities are not read"
    MODALITY = "the modality is not one that the reader is made for"
    BODY_PART = "the body part is not the chest"
    VIEW = "the view is not frontal and upright (AP or PA)"
    VIEW_UNKNOWN = "the view is not stated; a frontal one (AP or PA) must be"
    AGE_UNKNOWN = "the patient's age is not known"
    AGE = "the patient's age is outside the range that the reader is made for"
    BURNED_IN = "the film is marked as having text burned into it"
    NO_PIXELS = "the object has no pixel data"
    FRAMES = "the object has more than one frame or more than one sample in each pixel"
    PHOTOMETRIC = "the photometric interpretation is not MONOCHROME1 or MONOCHROME2, or is stated two ways"
    SIZE = "rows or columns are outside what the reader accepts"
    DEPTH = "bits allocated, bits stored and high bit do not describe 8 to 16 bit pixels"
    SYNTAX = "the transfer syntax is not one that is decoded here"
    CODESTREAM = "the compressed picture is not of the size that the header states"
    DECODING = "the pixel data could not be decoded"
    LOOK_UP = "rescale, look-up table or window cannot be applied"
    ASPECT = "the film's width and height are not in a ratio that the reader is made for"
    FLAT = "the film has next to no contrast"
    CLIPPED = "too many pixels are clipped at black or white"
    PIXELS = "the pixels do not look like a frontal chest film, dark where air is"
    NO_FILM = "no film was sent"
    SEVERAL = "more than one film could be read; which one is meant is not known"
