//! Bars with whiskers, as boxes of the page: their figures are text.

use maud::{Markup, html};

use crate::report::axis::Axis;
use crate::report::look::{Filling, Look};
use crate::results::Role;
use crate::spread::Spread;

/// One bar.
pub(crate) struct Bar<'a> {
    pub(crate) label: &'a str,
    pub(crate) role: Role,
    pub(crate) look: Look,
    pub(crate) spread: Spread,
    pub(crate) value: String,
}

/// Bars below each other, from the start of `axis`; nothing where there are none.
pub(crate) fn figure(title: &str, about: &str, axis: Option<&Axis>, bars: &[Bar<'_>]) -> Markup {
    let Some(axis) = axis.filter(|_| !bars.is_empty()) else { return html! {} };
    html! {
        figure {
            figcaption { b { (title) } span { (about) } }
            div.bars {
                @for bar in bars {
                    @let class = if bar.role == Role::Subject { "is-subject" } else { "" };
                    span class=(class) { (bar.label) }
                    span.track {
                        @for (at, _) in axis.ticks() { span.rule style=(left(at)) {} }
                        (body(bar, axis))
                    }
                    span class={ "value " (class) } { (bar.value) }
                }
                span {}
                span.ticks aria-hidden="true" {
                    @for (at, text) in axis.ticks() {
                        span class=(edge(at)) style=(left(at)) { (text) }
                    }
                }
                span {}
            }
        }
    }
}

fn body(bar: &Bar<'_>, axis: &Axis) -> Markup {
    let Spread { median, min, max } = bar.spread;
    let (from, to) = (axis.share(min), axis.share(max));
    let hollow = if bar.look.filling == Filling::Hollow { " hollow" } else { "" };
    let fill = format!(
        "width:{};background-color:var(--{})",
        percent(axis.share(median)),
        bar.look.colour.name
    );
    html! {
        span class={ "bar" (hollow) } style=(fill) {}
        @if min < max {
            span.whisker style={ (left(from)) ";width:" (percent(to - from)) } {}
        }
    }
}

/// Texts at the ends stay within the track.
fn edge(at: f64) -> &'static str {
    match at {
        at if at < 0.02 => "first",
        at if at > 0.9 => "last",
        _ => "",
    }
}

fn left(share: f64) -> String {
    format!("left:{}", percent(share))
}

fn percent(share: f64) -> String {
    format!("{:.2}%", if share.is_finite() { share * 100.0 } else { 0.0 })
}
