//! A comparison as one page that needs no network and no script.

mod bars;
mod figures;
mod overview;
mod standing;
mod table;
mod work;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::failure::Failure;
use crate::report::look::COLOURS;
use crate::report::number::took;
use crate::report::verdict::verdict;
use crate::results::{Results, Work};

const FROM: &str = "cargo run --release -p readily-benches --bin compare -- --from results.json";
const STYLE: &str = include_str!("style.css");

/// The page; `files` are the raw readings, beside it.
pub(crate) fn page(results: &Results, files: &[String]) -> Result<String, Failure> {
    let verdict = verdict(results);
    let works = results.works.iter().enumerate().map(|(at, work)| {
        let is_first = at == 0 || results.works[at - 1].group != work.group;
        let work = work::section(work)?;
        Ok((is_first.then(|| &results.works[at].group), work))
    });
    let works = works.collect::<Result<Vec<_>, Failure>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Readily measured beside others" }
                style { (PreEscaped(STYLE)) (PreEscaped(colours())) }
            }
            body {
                (header(results))
                main {
                    (standing::others(&verdict))
                    (standing::subject(&verdict))
                    (overview::matrix(results))
                    (overview::machine(results))
                    (overview::how_to_read())
                    @for (group, work) in works {
                        @if let Some(group) = group {
                            h2.group id=(group_id(group)) { (group) }
                        }
                        (work)
                    }
                    (again(results, files))
                }
            }
        }
    };
    Ok(page.into_string())
}

/// Where a work is on the page.
fn work_id(work: &Work) -> String {
    format!("work-{}", plain(&work.name))
}

fn group_id(group: &str) -> String {
    format!("group-{}", plain(group))
}

/// A sentence, with what stands between backticks as code.
fn prose(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// With nothing in it that an address would have to escape.
fn plain(text: &str) -> String {
    let char = |char: char| match char.is_ascii_alphanumeric() {
        true => char.to_ascii_lowercase(),
        false => '-',
    };
    text.chars().map(char).collect()
}

/// Lets plots, which have the colours of a light page, take those of the page.
fn colours() -> String {
    let rule = |attribute: &str, hex: &str, name: &str| {
        format!(".plot [{attribute}=\"{hex}\"] {{ {attribute}: var(--{name}); }}\n")
    };
    let rules = COLOURS.iter().map(|colour| {
        let (hex, name) = (colour.hex(), colour.name);
        rule("stroke", &hex, name) + &rule("fill", &hex, name)
    });
    rules.collect()
}

fn header(results: &Results) -> Markup {
    let mut groups: Vec<&str> = results.works.iter().map(|work| work.group.as_str()).collect();
    groups.dedup();
    html! {
        header {
            h1 { "Readily measured beside others" }
            p.facts { (results.date) " \u{b7} took " (took(results.took_seconds)) }
            p.facts { code { (results.command) } }
            nav aria-label="Contents" {
                a href="#others" { "Where others are ahead" }
                a href="#readily" { "Where Readily is ahead" }
                a href="#overview" { "Overview" }
                a href="#machine" { "Machine" }
                a href="#reading" { "How to read" }
                @for group in groups { a href={ "#" (group_id(group)) } { (group) } }
                a href="#again" { "Repeat it" }
            }
        }
    }
}

fn again(results: &Results, files: &[String]) -> Markup {
    html! {
        footer id="again" {
            h2 { "Repeat it" }
            p { "In a checkout of the repository, this builds every server and writes this page:" }
            pre { code { (results.command) } }
            p { "This makes the page again from the readings, without measuring:" }
            pre { code { (FROM) } }
            p {
                "All readings, beside this page:"
                @for file in files { " " a href=(file) { (file) } }
            }
        }
    }
}
