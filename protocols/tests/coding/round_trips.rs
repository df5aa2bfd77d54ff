//! What goes in comes out of the decoders of the same libraries.

use readily_protocols::http1::coding::{Coding, Compressor, Level, OUT_MIN, Progress, Until};

use crate::seeds::Random;
use crate::support::{all, coded, decoded, noise, readable, rows, stepped};

fn contents() -> Vec<Vec<u8>> {
    let sizes = [0, 1, 2, 100, 1024, 65_535, 65_536, 65_537, 300_000];
    let zeros = sizes.iter().map(|n| vec![0; *n]);
    zeros.chain(sizes.iter().map(|n| noise(*n))).chain(sizes.iter().map(|n| rows(*n))).collect()
}

#[test]
fn every_content_comes_out_of_the_decoder_and_of_a_used_compressor_the_same() {
    for (coding, level) in all() {
        let mut used = Compressor::new(coding, level);
        for content in contents() {
            let once = coded(&mut used, &content);
            assert_eq!(decoded(coding, &once), content, "{coding} {level:?}");
            let new = coded(&mut Compressor::new(coding, level), &content);
            assert_eq!(once, new, "{coding} {level:?}: a used one differs");
            used.reset();
        }
    }
}

#[test]
fn a_content_may_be_cut_anywhere() {
    let content = rows(700);
    for coding in Coding::ALL {
        let mut compressor = Compressor::new(coding, Level::Balanced);
        for at in 0..=content.len() {
            let mut out = Vec::new();
            compressor.write(&content[..at], &mut out).expect("the first part");
            compressor.write(&content[at..], &mut out).expect("the second part");
            compressor.finish(&mut out).expect("an end");
            assert_eq!(decoded(coding, &out), content, "{coding} cut at {at}");
            compressor.reset();
        }
    }
}

#[test]
fn a_flush_lets_the_client_read_all_so_far_wherever_it_falls() {
    let content = rows(700);
    for coding in Coding::ALL {
        let mut compressor = Compressor::new(coding, Level::Balanced);
        for at in 0..=content.len() {
            let mut out = Vec::new();
            compressor.write(&content[..at], &mut out).expect("the first part");
            compressor.flush(&mut out).expect("a flush");
            assert_eq!(readable(coding, &out), &content[..at], "{coding} flushed at {at}");
            let flushed = out.len();
            compressor.flush(&mut out).expect("a second flush");
            assert_eq!(out.len(), flushed, "{coding}: nothing is new at {at}");
            compressor.write(&content[at..], &mut out).expect("the second part");
            compressor.finish(&mut out).expect("an end");
            assert_eq!(decoded(coding, &out), content, "{coding} flushed at {at}");
            compressor.reset();
        }
    }
}

#[test]
fn an_output_of_any_size_holds_the_same_bytes() {
    for content in [rows(50_000), noise(50_000)] {
        for (coding, level) in all() {
            let whole = coded(&mut Compressor::new(coding, level), &content);
            for room in [OUT_MIN, OUT_MIN + 1, 100, 1000, 4096, 100_000] {
                let out =
                    stepped(&mut Compressor::new(coding, level), &content, Until::Ended, room);
                assert_eq!(out, whole, "{coding} {level:?}, {room} bytes at a time");
            }
        }
    }
}

#[test]
fn any_mixture_of_calls_and_sizes_comes_out_right() {
    let content = [rows(120_000), noise(40_000), vec![b'x'; 40_000]].concat();
    for seed in 0..60 {
        let mut numbers = Random(seed);
        let coding = Coding::ALL[numbers.below(3)];
        let mut compressor = Compressor::new(coding, Level::Balanced);
        let (mut left, mut out) = (&content[..], Vec::new());
        while !left.is_empty() {
            let n = (numbers.below(20_000) + 1).min(left.len());
            let until = if numbers.below(4) == 0 { Until::Flushed } else { Until::Taken };
            let room = OUT_MIN + numbers.below(2000);
            out.extend(stepped(&mut compressor, &left[..n], until, room));
            left = &left[n..];
            if until == Until::Flushed {
                let so_far = &content[..content.len() - left.len()];
                assert_eq!(readable(coding, &out), so_far, "{coding}, seed {seed}");
            }
        }
        out.extend(stepped(&mut compressor, &[], Until::Ended, OUT_MIN));
        assert_eq!(decoded(coding, &out), content, "{coding}, seed {seed}");
    }
}

#[test]
fn a_flush_that_did_not_fit_is_finished_before_more_is_taken() {
    let content = noise(10_000);
    for coding in Coding::ALL {
        let mut compressor = Compressor::new(coding, Level::Balanced);
        let mut coded = Vec::new();
        for part in content.chunks(1000) {
            let mut out = [0; OUT_MIN];
            let step = compressor.step(part, &mut out, Until::Flushed).expect("a step");
            coded.extend_from_slice(&out[..step.written]);
            // Only `Taken` from here on: the flush that has begun is remembered.
            coded.extend(stepped(&mut compressor, &part[step.read..], Until::Taken, OUT_MIN));
        }
        coded.extend(stepped(&mut compressor, &[], Until::Ended, OUT_MIN));
        assert_eq!(decoded(coding, &coded), content, "{coding}");
    }
}

#[test]
fn after_the_end_nothing_is_taken() {
    for coding in Coding::ALL {
        let mut compressor = Compressor::new(coding, Level::Fast);
        coded(&mut compressor, b"content");
        let mut out = [0; OUT_MIN];
        for until in [Until::Taken, Until::Flushed, Until::Ended] {
            let step = compressor.step(b"more", &mut out, until);
            assert_eq!(step, Ok(Progress { read: 0, written: 0, is_done: true }), "{coding}");
        }
    }
}
