//! What the examples on HTTP share.

/// The content type of a page.
pub const HTML: &str = "text/html; charset=utf-8";
/// The content type of plain words.
pub const TEXT: &str = "text/plain; charset=utf-8";
