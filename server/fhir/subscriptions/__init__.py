"""Topic-based subscriptions in R4 (Subscriptions R5 Backport IG): what is heard, and what is told of it.

``enrolment`` reads a Subscription that is written, ``listening`` says who hears a change, ``sight`` who may
know of it, ``notification`` writes what is told, ``courier`` takes it there.
"""
