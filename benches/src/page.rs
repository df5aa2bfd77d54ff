//! The page that every HTTP server here sends: that of Readily's own example.

/// So that all of them send the same bytes, and the load generator knows them.
pub const PAGE: &str = include_str!("../../examples/src/pages/hello.html");
