//! Sixteen bytes at once: which of them are of a class, as bits, the first byte's lowest.

use wide::{i8x16, u8x16};

/// How many bytes are looked at in one step.
pub(in crate::http1) const LANES: usize = 16;

/// How many bytes [`stops_of_64`] looks at.
pub(in crate::http1) const WIDE: usize = 4 * LANES;

/// The bytes of a block that a value does not go on with, or may not: control bytes, and those past
/// ASCII, which are looked at one by one then.
#[inline(always)]
pub(in crate::http1) fn stops(block: &[u8; LANES]) -> u32 {
    // One past DEL is the lowest number there is, and those past ASCII stay below zero.
    let next = i8x16::new(block.map(|byte| byte as i8)) + i8x16::ONE;
    next.simd_lt(i8x16::splat(b' ' as i8 + 1)).to_bitmask()
}

/// The same of 64 bytes.
#[inline(always)]
pub(in crate::http1) fn stops_of_64(block: &[u8; WIDE]) -> u64 {
    let (lanes, _) = block.as_chunks::<LANES>();
    lanes.iter().rev().fold(0, |bits, lanes| bits << LANES | u64::from(stops(lanes)))
}

/// The bytes of a block that are neither an ASCII letter nor `-`: what ends nearly every name.
#[inline(always)]
pub(in crate::http1) fn no_letters(block: &[u8; LANES]) -> u32 {
    let bytes = u8x16::new(*block);
    let lower = bytes | u8x16::splat(0x20);
    let letter = is_below(lower - u8x16::splat(b'a'), 26);
    let dash = bytes.simd_eq(u8x16::splat(b'-'));
    (letter | dash).to_bitmask() ^ 0xffff
}

#[inline(always)]
fn is_below(bytes: u8x16, most: u8) -> u8x16 {
    bytes.min(u8x16::splat(most - 1)).simd_eq(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_bytes(block: &[u8; LANES], is_one: impl Fn(u8) -> bool) -> u32 {
        block.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(is_one(*byte)))
    }

    #[test]
    fn lanes_say_what_bytes_say() {
        for byte in 0..=u8::MAX {
            for other in [b'a', b'Z', b'-', b' ', b'\r', 0x7f, 0xff] {
                for at in 0..LANES {
                    let mut block = [other; LANES];
                    block[at] = byte;
                    let is_stop = |byte: u8| !(b' '..0x7f).contains(&byte);
                    assert_eq!(stops(&block), by_bytes(&block, is_stop), "{block:?}");
                    let wide: [u8; WIDE] = [[other; LANES], block, [other; LANES], block]
                        .concat()
                        .try_into()
                        .expect("four blocks");
                    let bits = wide.iter().rev();
                    let bits = bits.fold(0, |bits, byte| bits << 1 | u64::from(is_stop(*byte)));
                    assert_eq!(stops_of_64(&wide), bits, "{wide:?}");
                    let is_no_letter = |byte: u8| !byte.is_ascii_alphabetic() && byte != b'-';
                    assert_eq!(no_letters(&block), by_bytes(&block, is_no_letter), "{block:?}");
                }
            }
        }
    }
}
