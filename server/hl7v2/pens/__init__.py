"""What we say in HL7 v2: the opinion, its withdrawal, a referral. Pure; same values, same bytes."""
