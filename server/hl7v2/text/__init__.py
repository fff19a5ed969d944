"""From the bytes of a frame to segments: delimiters, character sets, escapes (HL7 v2.8 chapter 2)."""
