//! What large bodies hold: bytes that are known by where they stand, so that a piece can be judged
//! without the rest.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::pattern::mix;
use crate::scratch::Scratch;

/// The path of the large file, as it is asked for.
pub const PATH: &str = "/large";
/// Its name in the folder that is served.
pub const NAME: &str = "large";
/// How many bytes it has.
pub const LENGTH: u64 = 100 << 20;

/// How many bytes are looked at where a piece begins, and where it ends.
const SAMPLE: usize = 64;
const WORD: u64 = size_of::<u64>() as u64;

/// The folder with the large file: the same for all servers of a run, so that all send the same
/// pages of memory.
///
/// # Errors
/// Those of writing it.
pub fn folder(scratch: &Scratch) -> Result<PathBuf, Failure> {
    let (folder, is_new) = scratch.folder("large")?;
    if is_new {
        write(&folder.join(NAME), LENGTH).map_err(|failure| failure.during("the large file"))?;
    }
    Ok(folder)
}

/// The first `length` bytes.
pub fn bytes(length: usize) -> Vec<u8> {
    let words = (0..(length as u64).div_ceil(WORD)).flat_map(word);
    words.take(length).collect()
}

/// Judges the beginning and the end of a piece that stands at `offset`.
///
/// # Errors
/// What is wrong with it.
pub fn judge(offset: u64, piece: &[u8]) -> Result<(), String> {
    let last = piece.len().saturating_sub(SAMPLE);
    for start in [0, last] {
        let sample = &piece[start..piece.len().min(start + SAMPLE)];
        for (at, got) in (offset + start as u64..).zip(sample) {
            let want = word(at / WORD)[(at % WORD) as usize];
            if *got != want {
                return Err(format!("wrong byte {got} at {at}, {want} was expected"));
            }
        }
    }
    Ok(())
}

fn write(path: &Path, length: u64) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    for at in 0..length / WORD {
        file.write_all(&word(at))?;
    }
    Ok(file.flush()?)
}

fn word(at: u64) -> [u8; WORD as usize] {
    mix(at).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_judged_by_where_it_stands() {
        let all = bytes(10_007);
        assert_eq!(all.len(), 10_007);
        for (start, end) in [(0, 10_007), (0, 1), (3, 3), (5, 70), (4_001, 9_003), (10_006, 10_007)]
        {
            assert_eq!(judge(start as u64, &all[start..end]), Ok(()), "{start} to {end}");
        }
        for (start, changed) in [(0, 0), (0, 63), (100, 100), (100, 10_006)] {
            let mut wrong = all.clone();
            wrong[changed] ^= 1;
            assert!(judge(start as u64, &wrong[start..]).is_err(), "{start}: {changed}");
        }
        assert!(judge(1, &all).is_err());
    }
}
