//! The seven properties that the contract promises, on the real loop. The fifth, that a state
//! without a way to go on is found, has its tests in `sanitizer.rs`.

#[path = "properties/becoming.rs"]
mod becoming;
#[path = "properties/bounds.rs"]
mod bounds;
#[path = "properties/cuts.rs"]
mod cuts;
#[path = "properties/halves.rs"]
mod halves;
#[path = "common/house.rs"]
mod house;
#[path = "properties/ids.rs"]
mod ids;
#[path = "properties/lines.rs"]
mod lines;
#[path = "properties/panics.rs"]
mod panics;
#[path = "common/planned.rs"]
mod planned;
#[path = "common/troupe.rs"]
mod troupe;
