"""Our own cases, one module a family of causes; `_bases` holds the notebooks that several of them share."""
