"""What the server claims, one case per claim, tried over the wire at any address."""
