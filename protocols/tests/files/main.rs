//! Files over HTTP without a disk: paths, plans, ranges, tags, kinds and fields as tables.
#![cfg(feature = "http1")]

mod fields;
mod kinds;
mod paths;
mod plans;
mod ranges;
mod support;
mod tags;
