"""What a run leaves: durable lines, and the tidy frames that are read from them."""
