"""HTTP/1 requests that two programs could read in two ways, and what must come of them."""
