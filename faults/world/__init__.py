"""What a scenario takes place in: servers, poolers, proxies, and doorward itself."""
