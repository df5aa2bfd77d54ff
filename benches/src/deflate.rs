//! One message of a WebSocket compressed, and back (RFC 7692, section 7.2), without context.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The end of every compressed message, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// More than the block that ends a message takes, and the head of the first one.
const SLACK: usize = 64;

/// What `message` is sent as.
///
/// # Errors
/// Where it takes more than the room that is enough for any message.
pub fn compress(message: &[u8]) -> Result<Vec<u8>, String> {
    // The fixed code that is fast has nine bits for the most unlikely bytes.
    let mut sent = Vec::with_capacity(message.len() + message.len() / 8 + SLACK);
    let mut compress = Compress::new(Compression::fast(), false);
    let status = compress.compress_vec(message, &mut sent, FlushCompress::Sync);
    match status {
        Ok(Status::Ok) if sent.ends_with(&TAIL) => {
            sent.truncate(sent.len() - TAIL.len());
            Ok(sent)
        }
        other => Err(format!("a message of {} B was not compressed: {other:?}", message.len())),
    }
}

/// What `received` was made of, if that has `length` bytes.
///
/// # Errors
/// Where it is nothing that can be inflated, or of another length.
pub fn inflate(received: &[u8], length: usize) -> Result<Vec<u8>, String> {
    // One more, so that a message that is too long is seen.
    let mut message = Vec::with_capacity(length + 1);
    let mut inflate = Decompress::new(false);
    let whole = [received, &TAIL].concat();
    inflate
        .decompress_vec(&whole, &mut message, FlushDecompress::Sync)
        .map_err(|error| format!("a message that cannot be inflated: {error}"))?;
    if message.len() != length || inflate.total_in() != whole.len() as u64 {
        let least = if message.len() > length { "more than " } else { "" };
        return Err(format!(
            "a message that inflates to {least}{} B instead of {length}",
            message.len().min(length)
        ));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    #[test]
    fn messages_come_back() -> Result<(), String> {
        for size in [1, 16, 1_024, 1 << 20] {
            for pattern in [Pattern::new(size), Pattern::of_words(size)] {
                let message = pattern.message(3, 7);
                assert_eq!(inflate(&compress(message)?, size)?, message);
            }
        }
        let text = Pattern::of_words(1_024);
        assert!(compress(text.message(0, 0))?.len() < 400, "it is compressible");
        Ok(())
    }

    #[test]
    fn what_inflates_to_something_else_is_told() -> Result<(), String> {
        let sent = compress(b"hello hello hello")?;
        for (received, length, expected) in [
            (&sent[..], 16, "a message that inflates to more than 16 B instead of 16"),
            (&sent[..], 18, "a message that inflates to 17 B instead of 18"),
            (&[][..], 1, "a message that inflates to 0 B instead of 1"),
            (&[0xff][..], 1, "a message that cannot be inflated"),
        ] {
            let error = inflate(received, length).expect_err(expected);
            assert!(error.starts_with(expected), "{error}");
        }
        Ok(())
    }
}
