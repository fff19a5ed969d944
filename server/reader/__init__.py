"""The reader room: cards, the model behind each card, and what its answer means in words."""
