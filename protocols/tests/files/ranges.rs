//! Ranges: what is taken, what is refused, and what the whole file is sent for.

use readily_protocols::http1::files::Method::Get;
use readily_protocols::http1::files::{Plan, RANGES_MOST};

use crate::support::{LENGTH, now, plan, words};

fn ask(range: &str, length: u64) -> Plan {
    plan(Get, &format!("range: {range}"), length, now())
}

#[test]
fn one_range() {
    for (range, wanted) in [
        ("bytes=0-0", "206 0-0"),
        ("bytes=0-9", "206 0-9"),
        ("bytes=10-", "206 10-999"),
        ("bytes=999-", "206 999-999"),
        ("bytes=999-999", "206 999-999"),
        ("bytes=0-999", "206 0-999"),
        ("bytes=0-1000", "206 0-999"),
        ("bytes=0-", "206 0-999"),
        ("bytes=-1", "206 999-999"),
        ("bytes=-1000", "206 0-999"),
        ("bytes=-1001", "206 0-999"),
        ("BYTES=0-9", "206 0-9"),
        ("bytes= 0-9 ", "206 0-9"),
        ("bytes=0000000000000000000000000-9", "206 0-9"),
        ("bytes=,0-9,", "206 0-9"),
        // Past the end.
        ("bytes=1000-", "416"),
        ("bytes=1000-1000", "416"),
        ("bytes=5000-6000", "416"),
        ("bytes=-0", "416"),
        // Numbers that no integer has.
        ("bytes=0-18446744073709551615", "206 0-999"),
        ("bytes=0-18446744073709551616", "206 0-999"),
        ("bytes=0-99999999999999999999999999999999", "206 0-999"),
        ("bytes=-18446744073709551615", "206 0-999"),
        ("bytes=-99999999999999999999999999999999", "206 0-999"),
        ("bytes=18446744073709551615-", "416"),
        ("bytes=18446744073709551615-18446744073709551615", "416"),
        ("bytes=99999999999999999999999999999999-", "416"),
        // What is not understood is as if it were not there.
        ("", "200"),
        ("bytes", "200"),
        ("bytes=", "200"),
        ("bytes=,", "200"),
        ("bytes=-", "200"),
        ("bytes=a-b", "200"),
        ("bytes=0-b", "200"),
        ("bytes=0x0-9", "200"),
        ("bytes=+0-9", "200"),
        ("bytes=0-+9", "200"),
        ("bytes=--9", "200"),
        ("bytes=0--9", "200"),
        ("bytes=9-0", "200"),
        ("bytes=1-0", "200"),
        ("bytes=0 - 9", "200"),
        ("bytes =0-9", "200"),
        ("bytes:0-9", "200"),
        ("lines=0-9", "200"),
        ("0-9", "200"),
        ("bytes=0-9;", "200"),
        ("bytes=0-9 20-29", "200"),
        ("bytes=1.0-2", "200"),
        ("bytes=\u{661}-\u{662}", "200"),
    ] {
        assert_eq!(words(&ask(range, LENGTH)), wanted, "{range}");
    }
}

#[test]
fn several_ranges() {
    for (ranges, wanted) in [
        ("bytes=0-9,20-29", "206 0-9 20-29"),
        ("bytes=0-9, 20-29 ,\t40-49", "206 0-9 20-29 40-49"),
        ("bytes=0-9,10-19", "206 0-9 10-19"),
        ("bytes=0-0,-1", "206 0-0 999-999"),
        ("bytes=0-9,900-", "206 0-9 900-999"),
        ("bytes=0-9,,20-29", "206 0-9 20-29"),
        (
            "bytes=0-1,2-3,4-5,6-7,8-9,10-11,12-13,14-15",
            "206 0-1 2-3 4-5 6-7 8-9 10-11 12-13 14-15",
        ),
        // What is past the end is left out.
        ("bytes=0-9,5000-", "206 0-9"),
        ("bytes=5000-,0-9", "206 0-9"),
        ("bytes=5000-,6000-", "416"),
        ("bytes=5000-,-0", "416"),
        // One that is wrong makes all wrong.
        ("bytes=0-9,x", "200"),
        ("bytes=0-9,9-8", "200"),
        // In another order, or over one another: the whole file, once.
        ("bytes=20-29,0-9", "200"),
        ("bytes=0-9,9-19", "200"),
        ("bytes=0-9,0-9", "200"),
        ("bytes=0-,0-,0-", "200"),
        ("bytes=0-,-1", "200"),
        ("bytes=-1,0-0", "200"),
        // More than are given.
        ("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", "200"),
        ("bytes=0-0,5000-,5000-,5000-,5000-,5000-,5000-,5000-,5000-", "200"),
    ] {
        assert_eq!(words(&ask(ranges, LENGTH)), wanted, "{ranges}");
    }
}

#[test]
fn nothing_is_no_part() {
    for (range, wanted) in [
        ("bytes=0-", "416"),
        ("bytes=0-0", "416"),
        ("bytes=-0", "416"),
        ("bytes=-1", "200"),
        ("bytes=-1,-1", "200"),
        ("bytes=0-0,-1", "200"),
    ] {
        assert_eq!(words(&ask(range, 0)), wanted, "{range}");
    }
}

#[test]
fn the_largest_file_has_a_last_byte() {
    for (range, wanted) in [
        ("bytes=18446744073709551614-", "206 18446744073709551614-18446744073709551614"),
        ("bytes=18446744073709551615-", "416"),
        ("bytes=-1", "206 18446744073709551614-18446744073709551614"),
    ] {
        assert_eq!(words(&ask(range, u64::MAX)), wanted, "{range}");
    }
}

#[test]
fn a_thousand_ranges_are_the_whole_file() {
    for n in [RANGES_MOST + 1, 1_000] {
        let each = (0..n).map(|nth| format!("{}-{}", 2 * nth, 2 * nth));
        let ranges = format!("bytes={}", each.collect::<Vec<_>>().join(","));
        assert_eq!(words(&ask(&ranges, 1 << 20)), "200", "{n}");
    }
    let commas = format!("bytes=0-0{}", ",".repeat(8_000));
    assert_eq!(words(&ask(&commas, LENGTH)), "200");
    let first = format!("bytes={}", "0-,".repeat(2_000));
    assert_eq!(words(&ask(&first, LENGTH)), "200");
}

#[test]
fn no_answer_is_longer_than_the_file() {
    // All lists of up to three of these: what is planned is in order and within the file.
    let items = ["0-", "-1", "5-9", "0-4", "10-", "4-5", "19-30", "20-", "-0", "-30", "9-5", "x"];
    let mut lists: Vec<String> = vec![String::new()];
    for _ in 0..3 {
        lists = lists
            .iter()
            .flat_map(|list| items.iter().map(move |item| format!("{list},{item}")))
            .collect();
        for list in &lists {
            let plan = ask(&format!("bytes={}", &list[1..]), 20);
            let parts: Vec<_> = match &plan {
                Plan::Part(part) => vec![part.clone()],
                Plan::Parts(parts) => parts.iter().collect(),
                _ => continue,
            };
            let mut at = 0;
            for part in parts {
                assert!(at <= part.start && part.start < part.end && part.end <= 20, "{list}");
                at = part.end;
            }
        }
    }
}
