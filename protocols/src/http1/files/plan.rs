//! What is answered: one pure function of what is asked and what is known of the file.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::http1::Status;

use super::asked::{Asked, Lines, Method};
use super::date::Second;
use super::range::{self, Ranges, Wanted};
use super::tag::{self, Comparison, Tag};

/// What is known of the content that would be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// How many bytes it has.
    pub length: u64,
    /// When it changed last.
    pub modified: SystemTime,
    /// Its strong entity tag.
    pub tag: Tag,
}

/// What is answered, of a file that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// 200, with all of it.
    Whole,
    /// 206, with that part; it is not empty.
    Part(Range<u64>),
    /// 206, with several parts, each with a head of its own.
    Parts(Ranges),
    /// 304: the client has it.
    NotModified,
    /// 412: it is not what the client believes.
    Failed,
    /// 416: the client asks for what is past its end.
    Unsatisfiable,
}

impl Plan {
    /// Decides it, in the order of RFC 9110, section 13.2.2. `now` is the wall time.
    pub fn of(asked: &Asked<'_>, facts: &Facts, now: SystemTime) -> Plan {
        if let Some(plan) = precondition(asked, facts) {
            return plan;
        }
        // A range means nothing to another method (section 14.2).
        let range = match asked.method {
            Method::Get => asked.range.single(),
            Method::Head => None,
        };
        let Some(range) = range.filter(|_| may_be_part(&asked.if_range, facts, now)) else {
            return Plan::Whole;
        };
        match range::read(range, facts.length) {
            Wanted::Whole => Plan::Whole,
            Wanted::Part(part) => Plan::Part(part),
            Wanted::Parts(parts) => Plan::Parts(parts),
            Wanted::Nothing => Plan::Unsatisfiable,
        }
    }

    /// The status.
    pub const fn status(&self) -> Status {
        match self {
            Plan::Whole => Status::OK,
            Plan::Part(_) | Plan::Parts(_) => Status::PARTIAL_CONTENT,
            Plan::NotModified => Status::NOT_MODIFIED,
            Plan::Failed => Status::PRECONDITION_FAILED,
            Plan::Unsatisfiable => Status::RANGE_NOT_SATISFIABLE,
        }
    }
}

/// What the preconditions come to; none if they hold.
fn precondition(asked: &Asked<'_>, facts: &Facts) -> Option<Plan> {
    let modified = Second::of(facts.modified);
    if asked.if_match.is_there() {
        if !is_listed(&asked.if_match, &facts.tag, Comparison::Strong) {
            return Some(Plan::Failed);
        }
    } else if let Some(since) = date(&asked.if_unmodified_since)
        && modified > since
    {
        return Some(Plan::Failed);
    }
    if asked.if_none_match.is_there() {
        let is_listed = is_listed(&asked.if_none_match, &facts.tag, Comparison::Weak);
        return is_listed.then_some(Plan::NotModified);
    }
    let since = date(&asked.if_modified_since)?;
    (modified <= since).then_some(Plan::NotModified)
}

/// Whether a part may be sent: `if-range` is not there, or names just this content
/// (section 13.1.5).
fn may_be_part(if_range: &Lines<'_>, facts: &Facts, now: SystemTime) -> bool {
    let Some(value) = if_range.single() else { return !if_range.is_there() };
    if value.starts_with(b"\"") || value.starts_with(b"W/") {
        return tag::is_exactly(value, &facts.tag);
    }
    // The second in which it changed may have seen another content: the date is weak until it is
    // over (section 8.8.2.2).
    let settled = facts.modified.checked_add(Duration::from_secs(1));
    settled.is_some_and(|settled| now >= settled)
        && Second::parse(value) == Some(Second::of(facts.modified))
}

fn is_listed(lines: &Lines<'_>, tag: &Tag, comparison: Comparison) -> bool {
    lines.all().iter().any(|line| tag::lists(line, tag, comparison))
}

fn date(lines: &Lines<'_>) -> Option<Second> {
    Second::parse(lines.single()?)
}
