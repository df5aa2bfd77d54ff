//! Fields that are lists.

/// The items of a list, without the space around them.
#[inline]
pub(in crate::http1) fn tokens(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(|item| item.trim_ascii())
}
