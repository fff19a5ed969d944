"""Who may come in: registered clients, their assertions, our access tokens (SMART Backend Services).

A client proves who it is by a signed assertion, gets a token for five minutes at most, and shows it with
each request. What a token allows is decided in ``server/fhir/access.py``; here it is only issued and read.
"""
