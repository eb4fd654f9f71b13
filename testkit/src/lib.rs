//! Simulation: fake clock, seeded faults, fault-injecting disk.
