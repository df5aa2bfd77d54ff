//! A file to send from.

use std::sync::Arc;

/// An open file, to be [sent from](super::Tx::send_file): a handle, cheap to clone.
///
/// Nothing here reads it, and two of them are never compared: they may be the same file or not. It
/// is closed when the last clone is gone. Its own offset is not used and not moved, so that one
/// file can be sent to many at once; it should be a regular one, since a driver reads it as it
/// sends, on the loop's own thread.
#[derive(Clone, Debug)]
pub struct File(Arc<std::fs::File>);

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> Self {
        File(Arc::new(file))
    }
}

impl From<Arc<std::fs::File>> for File {
    fn from(file: Arc<std::fs::File>) -> Self {
        File(file)
    }
}

/// For a driver, to read it, and for whoever has to ask for its length or time.
impl AsRef<std::fs::File> for File {
    fn as_ref(&self) -> &std::fs::File {
        &self.0
    }
}
