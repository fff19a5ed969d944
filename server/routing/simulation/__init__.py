"""What to expect of a policy before it is used: the exact model of second-reading 6.1; nothing is drawn."""
