//! Entity tags: what they are made of, and that they tell one content from another.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use readily_protocols::http1::coding::Coding;
use readily_protocols::http1::files::{Mark, Tag};

use crate::support::{at, changed, mark};

fn tag(mark: &Mark, coding: Option<Coding>) -> String {
    String::from_utf8(Tag::new(mark, coding).as_bytes().to_vec()).expect("text")
}

#[test]
fn whatever_differs_gives_another_tag() {
    let base = mark(1000);
    let later = Mark { modified: changed() + Duration::from_nanos(1), ..base };
    let marks = [
        base,
        Mark { length: 1001, ..base },
        later,
        Mark { modified: changed() - Duration::from_secs(1), ..base },
        Mark { inode: 78, ..base },
        Mark { inode: 77 << 32, ..base },
        Mark { length: 0, modified: at(0), inode: 0 },
        Mark { length: u64::MAX, modified: at(1 << 33), inode: u64::MAX },
    ];
    let codings = [None, Some(Coding::Gzip), Some(Coding::Brotli), Some(Coding::Zstd)];
    let all: BTreeSet<_> =
        marks.iter().flat_map(|mark| codings.map(|coding| tag(mark, coding))).collect();
    assert_eq!(all.len(), marks.len() * codings.len());
}

#[test]
fn a_tag_is_quoted_strong_and_whole() {
    let extreme = |modified| Mark { length: u64::MAX, modified, inode: u64::MAX };
    let times = [
        at(0),
        at(253_402_300_800),
        SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40),
        at(i64::MAX as u64),
    ];
    for modified in times {
        let tag = tag(&extreme(modified), Some(Coding::Brotli));
        let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).expect("quotes");
        let is_plain = |byte: u8| byte.is_ascii_hexdigit() || b"-r".contains(&byte);
        assert!(inner.bytes().all(is_plain) && inner.ends_with("-br"), "{tag}");
        assert_eq!(inner.split('-').count(), 4, "{tag}");
    }
}

#[test]
fn a_tag_does_not_show_the_inode() {
    for inode in [1, 77, 0xdead_beef, u64::MAX] {
        let tag = tag(&Mark { inode, ..mark(1000) }, None);
        assert!(!tag.contains(&format!("-{inode:x}\"")) && !tag.contains(&format!("-{inode}\"")));
    }
}
