use super::*;

/// An inflater's story: what it gave, and how it ended.
fn inflate(inflater: &mut Inflater, parts: &[&[u8]], most: u64) -> (Vec<u8>, Result<(), Flaw>) {
    let (mut pool, mut out) = (Pool::default(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let end = if at + 1 == parts.len() { End::Message } else { End::Part };
        let given = inflater.part(part, end, (most, &Terms::SHARED), &mut pool, |bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        });
        if let Err(flaw) = given {
            return (out, Err(flaw));
        }
    }
    (out, Ok(()))
}

/// A message that stands for itself.
fn whole(part: &[u8]) -> (Vec<u8>, Result<(), Flaw>) {
    let mut inflater = Inflater::new();
    let (out, ended) = inflate(&mut inflater, &[part], 1 << 20);
    (out, ended.and_then(|()| inflater.finish()))
}

/// Numbers of a seed (SplitMix64).
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Text that repeats itself, with some noise in it.
fn prose(seed: u64, len: usize) -> Vec<u8> {
    let words = ["server ", "client ", "message ", "window ", "deflate ", "the ", "of ", "a "];
    let picks = noise(seed, len);
    let all = picks.iter().flat_map(|pick| words[usize::from(*pick) % words.len()].bytes());
    all.take(len).collect()
}

#[test]
fn the_examples_of_the_rfc_are_inflated() {
    let cases: [(&str, &[u8]); 4] = [
        ("7.2.3.1", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("7.2.3.3", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("7.2.3.4", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        ("7.2.3.5", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0]),
    ];
    for (section, bytes) in cases {
        assert_eq!(whole(bytes), (b"Hello".to_vec(), Ok(())), "{section}");
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            let mut inflater = Inflater::new();
            let given = inflate(&mut inflater, &[first, second], 100);
            assert_eq!(given, (b"Hello".to_vec(), Ok(())), "{section}, cut at {cut}");
        }
    }
    // Section 7.2.3.2: the second message refers to the first.
    let mut inflater = Inflater::new();
    for bytes in [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &[0xf2, 0x00, 0x11, 0x00, 0x00]]
    {
        assert_eq!(inflate(&mut inflater, &[bytes], 100), (b"Hello".to_vec(), Ok(())));
    }
    assert_eq!(whole(&[0x00]), (Vec::new(), Ok(())));
}

#[test]
fn a_message_of_which_the_end_is_missing_is_corrupt() {
    let mut pool = Pool::default();
    let prose = prose(7, 2_000);
    for (window, level) in [(9, 1), (15, 1), (15, 9)] {
        let message = pool.compress(window, level, &prose).expect("smaller");
        assert_eq!(whole(message).1, Ok(()));
        // Its first byte alone may be a message of nothing.
        for cut in 2..message.len() {
            assert_eq!(whole(&message[..cut]).1, Err(Flaw::Corrupt), "{cut} of {message:x?}");
        }
    }
}

#[test]
fn a_context_survives_a_message_of_nothing_and_ends_with_a_final_block() {
    const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const AGAIN: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
    // Sections 7.2.3.4 and 7.2.3.6, and the same without the byte that is to follow or to be there.
    let ends_with_it: [&[u8]; 2] = [
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
    ];
    let nothing: [&[u8]; 2] = [&[0x00], &[]];
    let hello = (b"Hello".to_vec(), Ok(()));
    for empty in nothing {
        let mut inflater = Inflater::new();
        assert_eq!(inflate(&mut inflater, &[empty], 100), (Vec::new(), Ok(())));
        assert_eq!(inflate(&mut inflater, &[HELLO], 100), hello);
        assert_eq!(inflate(&mut inflater, &[empty], 100), (Vec::new(), Ok(())));
        assert_eq!(inflate(&mut inflater, &[AGAIN], 100), hello);
    }
    for message in ends_with_it {
        let mut inflater = Inflater::new();
        assert_eq!(inflate(&mut inflater, &[message], 100), hello);
        assert_eq!(inflate(&mut inflater, &[HELLO], 100), hello);
        assert_eq!(inflate(&mut inflater, &[message], 100), hello);
        assert_eq!(inflate(&mut inflater, &[AGAIN], 100).1, Err(Flaw::Corrupt));
    }
}

#[test]
fn what_a_large_message_took_is_given_back() {
    let mut pool = Pool::default();
    let held = |pool: &mut Pool| pool.output().capacity();
    assert!(pool.compress(15, 1, &prose(1, 100_000)).is_some());
    pool.trim();
    assert!(held(&mut pool) > 0);
    assert!(pool.compress(15, 1, &prose(1, 4 << 20)).is_some());
    assert!(held(&mut pool) > 256 * 1024);
    pool.trim();
    assert_eq!(held(&mut pool), 0);
}

#[test]
fn what_is_compressed_comes_back_at_any_window_and_level() {
    let mut pool = Pool::default();
    for window in WINDOW_LEAST..=WINDOW_MOST {
        for level in [1, 2, 6, 9] {
            let mut kept = Compressor::new(window, level);
            let mut inflater = Inflater::new();
            for (seed, len) in [0, 1, 63, 64, 1000, 20_000, 70_000, 300_000].iter().enumerate() {
                for bytes in [prose(seed as u64, *len), noise(seed as u64, *len)] {
                    let case = format!("window {window}, level {level}, {len} bytes");
                    if let Some(small) = pool.compress(window, level, &bytes) {
                        assert!(small.len() < bytes.len(), "{case}");
                        assert_eq!(whole(small), (bytes.clone(), Ok(())), "{case}");
                    }
                    if let Some(small) = kept.message(&bytes, &mut pool) {
                        let given = inflate(&mut inflater, &[small], 1 << 20);
                        assert_eq!(given, (bytes, Ok(())), "{case}, kept");
                    }
                }
            }
        }
    }
}

#[test]
fn a_context_is_used_until_it_is_forgotten() {
    let mut pool = Pool::default();
    let mut compressor = Compressor::new(15, 6);
    let text = prose(1, 400);
    let mut message = |bytes: &[u8]| compressor.message(bytes, &mut pool).map(<[u8]>::to_vec);
    let first = message(&text).expect("smaller");
    let second = message(&text).expect("smaller");
    assert!(second.len() * 4 < first.len(), "{} then {}", first.len(), second.len());
    // What is no smaller is not sent as it was compressed, so that nothing may refer to it.
    assert_eq!(message(&noise(1, 400)), None);
    let third = message(&text).expect("smaller");
    assert_eq!(third, first);
    compressor.forget();
    assert_eq!(compressor.message(&text, &mut pool), Some(&first[..]));
    assert_eq!(whole(&first), (text, Ok(())));
}

#[test]
fn nothing_refers_further_back_than_its_window() {
    // No inflater at hand tells, so the size does: noise that comes twice is half of it if the
    // second can refer to the first.
    for window in WINDOW_LEAST..WINDOW_MOST {
        for level in 1..=9 {
            let twice = |len: usize| {
                let bytes = noise(window.into(), len).repeat(2);
                let mut out = Vec::new();
                Compressor::new(window, level).run(&bytes, &mut out);
                assert_eq!(whole(&out), (bytes, Ok(())));
                out.len()
            };
            let (inside, outside) = ((1 << window) - 300, (1 << window) + 1);
            let case = format!("window {window}, level {level}");
            assert!(twice(inside) < inside * 3 / 2, "{case}");
            assert!(twice(outside) >= outside * 2, "{case}");
        }
    }
}

#[test]
fn a_bomb_is_stopped_where_it_passes_its_limit() {
    let (mut pool, mut compressor) = (Pool::default(), Compressor::new(15, 9));
    let bomb = compressor.message(&vec![0; 10 << 20], &mut pool).expect("smaller").to_vec();
    assert!(bomb.len() < 12_000, "{}", bomb.len());
    let loose = Terms { ratio_max: u32::MAX, ..Terms::SHARED };
    let cases = [
        (loose, 1 << 20, Err(Flaw::TooLarge), 1 << 20),
        (loose, (10 << 20) - 1, Err(Flaw::TooLarge), (10 << 20) - 1),
        (loose, 10 << 20, Ok(()), 10 << 20),
        (Terms::SHARED, 1 << 30, Err(Flaw::Bomb), RATIO_FREE as usize),
    ];
    for (terms, most, ended, given_most) in cases {
        let mut given = 0;
        let mut inflater = pool.inflater();
        let said = inflater.part(&bomb, End::Message, (most, &terms), &mut pool, |bytes| {
            given += bytes.len();
            Ok(())
        });
        let said: Result<(), Flaw> = said;
        assert_eq!(said, ended, "{most}");
        assert!(given <= given_most.max(bomb.len() * 100), "{given} of {most}");
    }
}

#[test]
fn what_is_no_deflate_is_corrupt() {
    let cases: [&[u8]; 3] = [&[0xff], &[0x06, 0, 0], &[0x00, 1, 2, 3, 4]];
    for bytes in cases {
        assert_eq!(whole(bytes).1, Err(Flaw::Corrupt), "{bytes:x?}");
    }
    // Whatever comes, there is an end, and no more than is allowed.
    for seed in 0..2000 {
        let bytes = noise(seed, 1 + seed as usize % 97);
        let (given, _) = inflate(&mut Inflater::new(), &[&bytes], 10_000);
        assert!(given.len() <= 10_000, "{seed}");
    }
}

#[test]
fn offers_are_met_or_declined() {
    let both = "; server_no_context_takeover; client_no_context_takeover";
    let dropped = |rest: &str| Some(format!("permessage-deflate{both}{rest}"));
    let cases: [(&str, Result<Option<String>, Malformed>); 46] = [
        ("permessage-deflate", Ok(dropped(""))),
        ("permessage-deflate; client_max_window_bits", Ok(dropped(""))),
        ("permessage-deflate;client_max_window_bits=15", Ok(dropped(""))),
        (
            "permessage-deflate; client_max_window_bits=10",
            Ok(dropped("; client_max_window_bits=10")),
        ),
        (
            "permessage-deflate; client_max_window_bits=\"10\"",
            Ok(dropped("; client_max_window_bits=10")),
        ),
        ("permessage-deflate; client_max_window_bits=8", Ok(dropped("; client_max_window_bits=8"))),
        ("permessage-deflate; server_max_window_bits=9", Ok(dropped("; server_max_window_bits=9"))),
        (
            "permessage-deflate; server_max_window_bits=15",
            Ok(dropped("; server_max_window_bits=15")),
        ),
        ("permessage-deflate; server_no_context_takeover", Ok(dropped(""))),
        ("permessage-deflate; client_no_context_takeover", Ok(dropped(""))),
        ("x-webkit-deflate-frame, permessage-deflate", Ok(dropped(""))),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", Ok(dropped(""))),
        ("a; b=\"c\", permessage-deflate", Ok(dropped(""))),
        ("permessage-deflate; server_max_window_bits=8", Ok(None)),
        ("permessage-deflate; server_max_window_bits", Ok(None)),
        ("permessage-deflate; server_max_window_bits=7", Ok(None)),
        ("permessage-deflate; server_max_window_bits=16", Ok(None)),
        ("permessage-deflate; server_max_window_bits=08", Ok(None)),
        ("permessage-deflate; server_max_window_bits=+9", Ok(None)),
        ("permessage-deflate; server_max_window_bits=1000000000000000", Ok(None)),
        ("permessage-deflate; client_max_window_bits=16", Ok(None)),
        ("permessage-deflate; client_max_window_bits=0", Ok(None)),
        ("permessage-deflate; server_no_context_takeover=1", Ok(None)),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", Ok(None)),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", Ok(None)),
        ("permessage-deflate; unknown", Ok(None)),
        ("permessage-deflate; Server_No_Context_Takeover", Ok(None)),
        (", permessage-deflate", Ok(dropped(""))),
        ("a, , permessage-deflate,", Ok(dropped(""))),
        (&format!("{}permessage-deflate", ",".repeat(15)), Ok(dropped(""))),
        ("permessage-bzip2", Ok(None)),
        ("Permessage-Deflate", Ok(None)),
        ("permessage-deflate; client_max_window_bits=\"08\"", Ok(None)),
        ("permessage-deflate; server_max_window_bits=-9", Ok(None)),
        ("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", Ok(None)),
        ("permessage-deflate; =10", Err(Malformed)),
        ("permessage-deflate; client_max_window_bits=\" 10\"", Err(Malformed)),
        ("permessage-deflate; client_max_window_bits=10 11", Err(Malformed)),
        (&format!("{}permessage-deflate", "a,".repeat(16)), Err(Malformed)),
        (&format!("{}permessage-deflate", ",".repeat(16)), Err(Malformed)),
        ("", Err(Malformed)),
        (",", Err(Malformed)),
        ("permessage-deflate;", Err(Malformed)),
        ("permessage-deflate; client_max_window_bits=", Err(Malformed)),
        ("permessage-deflate; client_max_window_bits=\"10", Err(Malformed)),
        ("permessage-deflate client_max_window_bits", Err(Malformed)),
    ];
    for (asked, said) in cases {
        let answered = answer([asked.as_bytes()].into_iter(), &Terms::SHARED);
        assert_eq!(answered.map(|agreed| agreed.map(|(_, text)| text)), said, "{asked}");
    }
    let plain = answer([&b"permessage-deflate"[..]].into_iter(), &Terms::KEPT);
    let agreed = Agreed { ours: Context::Kept, theirs: Context::Kept, our_window: 15 };
    assert_eq!(plain, Ok(Some((agreed, "permessage-deflate".to_owned()))));
    assert_eq!(answer([].into_iter(), &Terms::KEPT), Ok(None));
}

#[test]
fn both_sides_agree_on_the_same() {
    let small = Terms { our_window: 11, their_window: 10, ..Terms::KEPT };
    let mixed = Terms { ours: Context::Dropped, ..Terms::KEPT };
    for client in [Terms::SHARED, Terms::KEPT, small, mixed] {
        for server in [Terms::SHARED, Terms::KEPT, small, mixed] {
            let asked = offer(&client);
            let met = answer([asked.as_bytes()].into_iter(), &server);
            let (theirs, text) = met.expect("a list").expect("met");
            let ours = accept(text.as_bytes(), &client).expect(&text);
            assert_eq!((ours.ours, ours.theirs), (theirs.theirs, theirs.ours), "{asked} {text}");
        }
    }
    for wrong in [
        "",
        "permessage-deflate, permessage-deflate",
        "permessage-bzip2",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=12",
        "permessage-deflate; unknown",
    ] {
        assert_eq!(accept(wrong.as_bytes(), &small), Err(Malformed), "{wrong}");
    }
    assert_eq!(accept(b"permessage-deflate", &Terms::SHARED), Err(Malformed));
}
