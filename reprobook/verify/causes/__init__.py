"""Who may have done it: suspects for a divergence, and the experiments that prove them."""
