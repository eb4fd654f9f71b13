//! Signals in: prometheus.yml, discovery, scrape, host facts, receivers.
