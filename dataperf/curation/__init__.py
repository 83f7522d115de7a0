"""The curator's side: audit a data set, explain what is found, repair it."""
