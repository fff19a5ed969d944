"""The HL7 v2 door: what interface engines speak (HL7 v2.3 to 2.8 over MLLP)."""
