"""The commands, by whom they are for: each makes one library call and prints what came of it."""
