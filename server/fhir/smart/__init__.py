"""Proving to other systems who we are: SMART Backend Services, as the client (SMART App Launch 2.x)."""
