"""Cases of irreproducibility: what they are, how they are run, and how what the tool says about them is scored."""
