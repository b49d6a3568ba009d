//! Many clients want the same places: what is sold is what there is. Shown by the tables.

mod changes;
mod crowd;
mod last_place;
mod stretches;
