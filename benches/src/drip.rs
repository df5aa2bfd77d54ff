//! A head that is as large as one wants it.

/// The least size of a head here.
pub const LEAST: usize = 256;

/// How long a field's value is, as that of a cookie may be.
const VALUE: usize = 512;

const START: &str = "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\n";
const END: &str = "\r\n";

/// A head of that many bytes, with fields of half a kilobyte: a request for `/plaintext`.
///
/// # Panics
/// If it is smaller than [`LEAST`].
pub fn head(size: usize) -> Vec<u8> {
    assert!(size >= LEAST, "a head of {size} bytes");
    let mut head = START.to_owned();
    let mut left = size - START.len() - END.len();
    for number in 0.. {
        let name = format!("X-Field-{number}: ");
        let around = name.len() + END.len();
        // What is left behind this field has to be one as well, or nothing.
        let value = match left - around {
            rest if rest <= 2 * VALUE => rest,
            _ => VALUE,
        };
        head.push_str(&name);
        head.extend(std::iter::repeat_n('v', value));
        head.push_str(END);
        left -= around + value;
        if left == 0 {
            break;
        }
    }
    head.push_str(END);
    head.into_bytes()
}

#[cfg(test)]
mod tests {
    use httparse::{EMPTY_HEADER, Request, Status};

    use super::*;

    #[test]
    fn heads_have_their_size() {
        for size in [LEAST, 1_000, 1_024, 1_500, 4_096, 16_384] {
            let bytes = head(size);
            let mut headers = [EMPTY_HEADER; 64];
            let mut request = Request::new(&mut headers);
            assert_eq!(request.parse(&bytes), Ok(Status::Complete(size)), "{size}");
        }
    }
}
