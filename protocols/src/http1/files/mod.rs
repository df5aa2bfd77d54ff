//! Files over HTTP, without a disk: what a path means, and what is answered about a file.
//!
//! ```text
//! path of a target --Relative::parse--> a name beneath the folder
//! fields of a head --Asked::new-------> what is wanted
//! size, time, inode -Tag::new---------> facts of the content
//!                    Plan::of(asked, facts, now) -> status and ranges
//!                    About::fields(plan) --------> the fields of the answer
//! ```
//!
//! The disk is somebody else's: the module `files` of the crate `readily` opens what these name.
//!
//! # What is guaranteed
//!
//! - A [`Relative`] names nothing outside of its folder, in whatever way it was written. That what
//!   it names is no link out of it is for whoever opens it.
//! - Preconditions are judged in the order of RFC 9110, section 13.2.2; a range is only taken where
//!   `if-range` allows it.
//! - Whatever `range` says costs no more than eight ranges, and no more than the file is sent.

mod asked;
mod date;
mod fields;
mod kind;
mod parts;
mod path;
mod plan;
mod range;
mod tag;

pub use asked::{Asked, Kept, Method};
pub use fields::About;
pub use kind::{Kind, ending};
pub use parts::{Boundary, Parts, Piece};
pub use path::{BadPath, DEPTH_MOST, DotNames, NAME_MOST, PATH_MOST, Relative};
pub use plan::{Facts, Plan};
pub use range::{RANGES_MOST, Ranges};
pub use tag::{Mark, Tag};
