"""What the command line's sub-commands find; ``cli`` prints it under the same name."""
