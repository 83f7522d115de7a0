"""How an answer is read, checked and turned into training sets: one file a track."""
