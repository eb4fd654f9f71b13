//! Tests of whole parts: round trips, damage, selection, faults of the disk, hostile bytes, size.

mod damage;
mod faults;
mod fuzz;
mod model;
mod round_trip;
mod searching;
mod selecting;
mod size;
