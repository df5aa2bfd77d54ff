//! How entries of the two corpora are written: each is a text, and what it comes to.

/// What entries begin with, and fields that they have, in short.
const SHORT: [(&str, &str); 7] = [
    ("<G>", "GET / HTTP/1.1¶Host: a¶"),
    ("<P>", "POST /x HTTP/1.1¶Host: a¶"),
    ("<C>", "<P><T> chunked¶¶"),
    ("<R>", "HTTP/1.1 200 OK¶"),
    ("<S>", "<R><T> chunked¶¶"),
    ("<L>", "Content-Length:"),
    ("<T>", "Transfer-Encoding:"),
];

/// The bytes of an entry: what is [`SHORT`] is written out, `¶` is CRLF, every other character up
/// to U+00FF the byte of that number, and what is above it UTF-8.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let long = |text: String| SHORT.iter().fold(text, |text, (from, to)| text.replace(from, to));
    let mut bytes = Vec::new();
    for c in long(long(text.to_owned())).chars() {
        match u8::try_from(u32::from(c)) {
            _ if c == '¶' => bytes.extend_from_slice(b"\r\n"),
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Up to this many bytes an entry is cut in three at every pair of places as well.
const SHORT_MOST: usize = 64;

/// Every way to cut an input that is asked for: whole, byte by byte, in two, and if it is short in
/// three.
pub(crate) fn cuts(input: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let whole = std::iter::once(vec![input]);
    let drip = std::iter::once(input.chunks(1).collect());
    let two = (1..input.len()).map(|at| vec![&input[..at], &input[at..]]);
    let ends = if input.len() <= SHORT_MOST { input.len() } else { 0 };
    let three = (1..ends).flat_map(move |first| {
        let cut = move |second| vec![&input[..first], &input[first..second], &input[second..]];
        (first + 1..ends).map(cut)
    });
    whole.chain(drip).chain(two).chain(three)
}

/// Fails if two entries have the same name or the same bytes.
pub(crate) fn check_distinct<'a>(entries: impl Iterator<Item = (&'a str, Vec<u8>)>) -> usize {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for (name, text) in entries {
        names.push(name);
        texts.push((text, name));
    }
    names.sort_unstable();
    texts.sort_unstable();
    assert_eq!(names.windows(2).find(|two| two[0] == two[1]), None, "two of one name");
    let same = texts.windows(2).find(|two| two[0].0 == two[1].0);
    assert!(same.is_none(), "two of the same bytes: {same:?}");
    names.len()
}
