"""What an HL7 v2 message says, made to stand in the store: by the FHIR door's own transaction and rules.

A message is read, mapped to drafts (``server.hl7v2.mapping``), and each draft is laid over what is here
already. Applied again, it changes nothing.
"""
