//! Contents, and the decoders that judge.

use std::io::Read;

use readily_protocols::http1::coding::{Coding, Compressor, Level, Progress, Until};

use crate::seeds::Random;

const LEVELS: [Level; 3] = [Level::Fast, Level::Balanced, Level::Small];

/// Every coding at every level.
pub(crate) fn all() -> impl Iterator<Item = (Coding, Level)> {
    Coding::ALL.into_iter().flat_map(|coding| LEVELS.map(|level| (coding, level)))
}

/// `n` bytes that no coding makes smaller.
pub(crate) fn noise(n: usize) -> Vec<u8> {
    let mut numbers = Random(n as u64);
    (0..n).map(|_| numbers.next() as u8).collect()
}

/// `n` bytes of JSON, as interfaces answer.
pub(crate) fn rows(n: usize) -> Vec<u8> {
    let (mut numbers, mut text) = (Random(1), String::from("["));
    for id in 0.. {
        if text.len() >= n {
            break;
        }
        let (name, balance) = (numbers.below(1000), numbers.below(1_000_000));
        text += &format!("{{\"id\":{id},\"name\":\"user{name}\",\"balance\":{balance}}},\n");
    }
    text.truncate(n);
    text.into_bytes()
}

/// The content of something coded that is whole.
pub(crate) fn decoded(coding: Coding, coded: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let read = match coding {
        Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut content),
        Coding::Brotli => brotli::Decompressor::new(coded, 4096).read_to_end(&mut content),
        Coding::Zstd => {
            zstd::stream::read::Decoder::new(coded).expect("a decoder").read_to_end(&mut content)
        }
    };
    read.unwrap_or_else(|error| panic!("{coding}: {error}"));
    content
}

/// What a client can read of something coded that has not ended yet.
pub(crate) fn readable(coding: Coding, coded: &[u8]) -> Vec<u8> {
    let (mut content, mut part) = (Vec::new(), [0; 4096]);
    let mut decoder: Box<dyn Read> = match coding {
        Coding::Gzip => Box::new(flate2::read::GzDecoder::new(coded)),
        Coding::Brotli => Box::new(brotli::Decompressor::new(coded, 4096)),
        Coding::Zstd => Box::new(zstd::stream::read::Decoder::new(coded).expect("a decoder")),
    };
    while let Ok(n @ 1..) = decoder.read(&mut part) {
        content.extend_from_slice(&part[..n]);
    }
    content
}

/// The whole of a content in a coding.
pub(crate) fn coded(compressor: &mut Compressor, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compressor.write(content, &mut out).expect("a coding");
    compressor.finish(&mut out).expect("an end");
    out
}

/// Calls `step` until it is done, with outputs of that many bytes.
pub(crate) fn stepped(
    compressor: &mut Compressor,
    mut input: &[u8],
    until: Until,
    room: usize,
) -> Vec<u8> {
    let (mut coded, mut out) = (Vec::new(), vec![0; room]);
    loop {
        let step = compressor.step(input, &mut out, until).expect("a step");
        let Progress { read, written, is_done } = step;
        coded.extend_from_slice(&out[..written]);
        input = &input[read..];
        if is_done {
            assert!(input.is_empty(), "{} bytes were not taken", input.len());
            return coded;
        }
    }
}
