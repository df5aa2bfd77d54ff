//! One file that is asked for, and how a request for it is written down.

use std::time::{Duration, SystemTime};

use readily_protocols::http1::files::{Asked, Facts, Mark, Method, Plan, Tag};

/// How long the file is.
pub(crate) const LENGTH: u64 = 1000;

/// The second in which it changed.
pub(crate) const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
pub(crate) const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
pub(crate) const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Somewhere in the second of [`CHANGED`].
pub(crate) fn changed() -> SystemTime {
    at(784_111_777) + Duration::from_millis(250)
}

/// A day later.
pub(crate) fn now() -> SystemTime {
    at(784_111_777 + 86_400)
}

pub(crate) fn mark(length: u64) -> Mark {
    Mark { length, modified: changed(), inode: 77 }
}

pub(crate) fn facts(length: u64) -> Facts {
    let tag = Tag::new(&mark(length), None);
    Facts { length, modified: changed(), tag }
}

/// `name: value` lines; `TAG` in them is the file's, `OTHER` that of another.
pub(crate) fn lines(text: &str) -> Vec<(String, Vec<u8>)> {
    let tag = Tag::new(&mark(LENGTH), None);
    let tag = String::from_utf8_lossy(tag.as_bytes()).into_owned();
    let text = text.replace("TAG", &tag).replace("OTHER", "\"other\"");
    let lines = text.split('|').map(str::trim).filter(|line| !line.is_empty());
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(':').expect("a field");
        (name.to_owned(), value.trim().as_bytes().to_vec())
    });
    fields.collect()
}

/// What is planned for a request with those lines.
pub(crate) fn plan(method: Method, text: &str, length: u64, now: SystemTime) -> Plan {
    let lines = lines(text);
    let fields = lines.iter().map(|(name, value)| (&name[..], &value[..]));
    let asked = Asked::new(method, fields);
    let plan = Plan::of(&asked, &facts(length), now);
    let kept = asked.keep();
    assert_eq!(kept.asked(), asked, "{text}: it is kept as it was");
    plan
}

/// A plan in a few words: `200`, `206 0-9`, `206 0-9 20-29`, `304`, `412`, `416`.
pub(crate) fn words(plan: &Plan) -> String {
    let mut words = plan.status().code().to_string();
    let mut add = |start: u64, end: u64| words += &format!(" {start}-{}", end - 1);
    match plan {
        Plan::Part(part) => add(part.start, part.end),
        Plan::Parts(parts) => parts.iter().for_each(|part| add(part.start, part.end)),
        _ => {}
    }
    words
}
