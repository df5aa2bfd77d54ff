//! What loops count, read back from the text by a strict reader.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

#[path = "common/house.rs"]
#[expect(dead_code, reason = "each test takes what it needs of it")]
mod house;
#[path = "common/troupe.rs"]
#[expect(dead_code, reason = "each test takes what it needs of it")]
mod troupe;

use house::House;
use readily::echo::Echo;
use readily::logbook::{Logbook, Options};
use readily::metrics::{AGE_MAX, CONTENT_TYPE, Metrics};
use readily::sys::sim::Sim;
use readily::{
    Address, Alone, Config, Fault, Fleet, Io, Listen, Machine, Reactor, State, Step, Turn,
};
use troupe::{Actor, Troupe, echo};

/// A page as Prometheus reads it: each family with its samples, labels in their order.
#[derive(Default, Debug)]
struct Page {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<String, f64>,
}

impl Page {
    /// Reads a page; every rule of the format that a page can break is asserted.
    fn read(text: &str) -> Page {
        assert!(text.is_empty() || text.ends_with('\n'), "the last line has an end");
        let (mut page, mut family) = (Page::default(), String::new());
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect(line);
                assert!(is_name(name) && !words.trim().is_empty(), "{line}");
                let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
                let kind = kind.and_then(|kind| kind.strip_prefix(name)).expect(line).trim();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                let is_counter = name.ends_with("_total");
                assert_eq!(is_counter, kind == "counter", "only counters are totals: {line}");
                let known = page.kinds.insert(name.to_owned(), kind.to_owned());
                assert_eq!(known, None, "a family is in one piece: {line}");
                family = name.to_owned();
            } else {
                page.read_sample(line, &family);
            }
        }
        page
    }

    fn read_sample(&mut self, line: &str, family: &str) {
        let name = line.split(['{', ' ']).next().expect(line);
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} in {family}"));
        let suffixes: &[&str] = match self.kinds[family] == "histogram" {
            true => &["_bucket", "_sum", "_count"],
            false => &[""],
        };
        assert!(suffixes.contains(&suffix), "{line}");
        let rest = &line[name.len()..];
        let labels = if rest.starts_with('{') { labels_len(rest) } else { 0 };
        let value = rest[labels..].strip_prefix(' ').expect(line);
        let value: f64 = value.parse().expect(line);
        let known = self.samples.insert(line[..name.len() + labels].to_owned(), value);
        assert_eq!(known, None, "a sample comes once: {line}");
    }

    fn of(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("{sample} in {self:#?}"))
    }

    /// How many samples begin so.
    fn count(&self, start: &str) -> usize {
        self.samples.keys().filter(|sample| sample.starts_with(start)).count()
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// How long `{name="value",..}` is.
fn labels_len(text: &str) -> usize {
    let (mut rest, mut seen) = (&text[1..], BTreeSet::new());
    loop {
        let (name, value) = rest.split_once("=\"").expect(text);
        assert!(is_name(name) && seen.insert(name), "{text}");
        let (mut end, mut is_escaped) = (None, false);
        for (at, char) in value.char_indices() {
            match char {
                '\\' | '"' | 'n' if is_escaped => is_escaped = false,
                _ if is_escaped => panic!("no such escape: {text}"),
                '\\' => is_escaped = true,
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                _ => {}
            }
        }
        let value_end = &value[end.expect(text)..];
        match value_end.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                assert!(value_end.starts_with('}'), "{text}");
                return text.len() - value_end.len() + 1;
            }
        }
    }
}

/// A house that publishes as the loop 3.
fn shown(act: fn(&mut Io<'_, Troupe>, troupe::Cue) -> troupe::Does) -> (House, Metrics) {
    let (mut house, metrics) = (House::new(Config::default(), act), Metrics::new());
    house.reactor.publish(&metrics, 3);
    (house, metrics)
}

#[test]
fn a_page_has_every_counter_once() {
    let (mut house, metrics) = shown(|io, cue| {
        io.count("toy: a \"count\"");
        echo(io, cue)
    });
    let client = house.connect();
    house.say(client, b"hello");
    house.wait(2 * AGE_MAX);
    let (page, counters) = (Page::read(&metrics.text()), *house.counters());
    for (name, value) in counters.iter() {
        let sample = match name {
            "events" => "readily_readiness_events_total{loop=\"3\"}".to_owned(),
            "handshaking" => "readily_handshakes_under_way{loop=\"3\"}".to_owned(),
            "connects_securing" => "readily_connects_securing{loop=\"3\"}".to_owned(),
            "open" => "readily_connections{loop=\"3\"}".to_owned(),
            "buffered" => "readily_buffered_bytes{loop=\"3\"}".to_owned(),
            // It has turned since.
            "turns" => continue,
            name => match name.strip_prefix("ended_") {
                Some(why) => format!("readily_ended_by_total{{loop=\"3\",why=\"{why}\"}}"),
                None => format!("readily_{name}_total{{loop=\"3\"}}"),
            },
        };
        assert_eq!(page.of(&sample), value as f64, "{sample}");
    }
    assert_eq!(counters.bytes_in, 5);
    assert_eq!(page.of("readily_state_connections{loop=\"3\",state=\"Actor\"}"), 1.0);
    assert_eq!(page.of("readily_listener_connections{loop=\"3\",listener=\"0\"}"), 1.0);
    let counted = page.of("readily_events_total{loop=\"3\",event=\"toy: a \\\"count\\\"\"}");
    assert_eq!(counted, house.reactor.tally().of("toy: a \"count\"") as f64);
    assert!(counted > 0.0);
}

/// Skips the first byte, and is an echo then.
struct Skip;

#[derive(Machine)]
enum Skipping {
    #[becomes(Echo)]
    Skip(Skip),
    Echo(Echo),
}

impl State<Skipping> for Skip {
    fn advance(&mut self, io: &mut Io<'_, Alone<Skipping>>) -> Result<Step<Self, Skipping>, Fault> {
        if io.rx.is_empty() {
            return Ok(Step::Wait);
        }
        io.rx.consume(1);
        Ok(Step::becomes(Echo))
    }
}

#[test]
fn states_and_the_transitions_that_were_taken() {
    let (metrics, at) = (Metrics::new(), Address::Ip(([10, 0, 0, 1], 80).into()));
    let mut reactor = Reactor::with(Alone::new(), Sim::new(1), Config::default()).expect("a loop");
    reactor.listen(&at, |_, _| Some(Skipping::Skip(Skip))).expect("a listener");
    reactor.publish(&metrics, 0);
    let clients = [(); 3].map(|()| reactor.sys_mut().connect(&at));
    for client in &clients[1..] {
        reactor.sys_mut().send(*client, b"a");
    }
    for _ in 0..100 {
        reactor.turn(Some(AGE_MAX / 10)).expect("the wait");
    }
    let page = Page::read(&metrics.text());
    for (state, count) in [("Skip", 1.0), ("Echo", 2.0)] {
        let sample = format!("readily_state_connections{{loop=\"0\",state=\"{state}\"}}");
        assert_eq!(page.of(&sample), count, "{state}");
    }
    let taken = "readily_transitions_total{loop=\"0\",from=\"Skip\",to=\"Echo\"}";
    assert_eq!((page.of(taken), page.count("readily_transitions_total")), (2.0, 1));
}

#[test]
fn a_handler_shows_what_was_counted_before_its_turn() {
    let (metrics, at) = (Metrics::new(), Address::Ip(([10, 0, 0, 1], 80).into()));
    let shown = metrics.clone();
    let first = move || {
        let metrics = shown.clone();
        Actor::new(move |io, _| {
            if !io.rx.is_empty() {
                io.rx.consume(io.rx.len());
                io.tx.write(metrics.text().as_bytes());
                return Ok(Step::Finish);
            }
            Ok(Step::Wait)
        })
    };
    let mut house = House::with(Config::default(), Listen::default(), first);
    assert_eq!(house.at, at);
    house.reactor.publish(&metrics, 0);
    let quiet = house.connect();
    house.say(quiet, b"");
    house.wait(2 * AGE_MAX);
    let client = house.connect();
    house.say(client, b"GET");
    let text = house.sim().received(client).to_vec();
    let page = Page::read(std::str::from_utf8(&text).expect("it is UTF-8"));
    assert_eq!(page.of("readily_accepted_total{loop=\"0\"}"), 1.0, "the quiet one");
}

#[test]
fn a_loop_publishes_once_more_and_then_sleeps() {
    let (mut house, metrics) = shown(echo);
    house.wait(2 * AGE_MAX);
    let client = house.connect();
    house.say(client, b"hello");
    let received = || Page::read(&metrics.text()).of("readily_bytes_in_total{loop=\"3\"}");
    assert_eq!(received(), 0.0, "published as the turn began");
    // One wait ends early, to publish; the next takes as long as it may.
    let (start, long) = (house.sim().elapsed(), Duration::from_secs(3600));
    house.reactor.turn(Some(long)).expect("the wait");
    assert!(house.sim().elapsed() - start <= AGE_MAX);
    assert_eq!(received(), 5.0);
    let start = house.sim().elapsed();
    house.reactor.turn(Some(long)).expect("the wait");
    assert_eq!(house.sim().elapsed() - start, long);
}

#[test]
fn a_loop_that_is_over_is_shown_as_it_ended() {
    let (mut house, metrics) = shown(echo);
    let client = house.connect();
    house.say(client, b"hello");
    house.reactor.abort();
    for _ in 0..100 {
        if house.reactor.turn(Some(Duration::ZERO)).expect("the wait") == Turn::Over {
            break;
        }
    }
    let page = Page::read(&metrics.text());
    assert_eq!(page.of("readily_connections{loop=\"3\"}"), 0.0);
    assert_eq!(page.of("readily_ended_by_total{loop=\"3\",why=\"aborted\"}"), 1.0);
}

#[test]
fn loops_are_told_apart_and_one_index_is_shown_once() {
    let metrics = Metrics::new();
    let mut loops = [10, 9, 9].map(|index| {
        let mut house = House::new(Config::default(), echo);
        house.reactor.publish(&metrics, index);
        house
    });
    let client = loops[2].connect();
    loops[2].say(client, b"hello");
    loops[2].wait(2 * AGE_MAX);
    let text = metrics.text();
    let page = Page::read(&text);
    assert_eq!(page.count("readily_turns_total"), 2);
    assert_eq!(page.of("readily_bytes_in_total{loop=\"9\"}"), 5.0, "the later of the two");
    assert_eq!(page.of("readily_bytes_in_total{loop=\"10\"}"), 0.0);
    let (nine, ten) = (text.find("loop=\"9\""), text.find("loop=\"10\""));
    assert!(nine < ten, "in the order of their numbers");
}

#[test]
fn a_fleet_is_shown_from_any_thread() {
    let (metrics, loops) = (Metrics::new(), NonZeroUsize::new(3).expect("not zero"));
    let make = |seat: readily::Seat| {
        let mut reactor = Reactor::with(Troupe::default(), Sim::new(1), Config::default())?;
        reactor.publish(&metrics, seat.index);
        Ok(reactor)
    };
    Fleet::new(loops).run(make, || {}).expect("it runs");
    let page = Page::read(&metrics.text());
    for index in 0..3 {
        assert!(page.of(&format!("readily_turns_total{{loop=\"{index}\"}}")) > 0.0);
    }
}

#[test]
fn nothing_is_shown_of_nothing() {
    assert_eq!(Metrics::new().text(), "");
    assert!(CONTENT_TYPE.starts_with("text/plain; version=0.0.4"));
}

#[test]
fn exchanges() {
    let metrics = Metrics::new();
    let (exchanges, others) = (metrics.exchanges(0), metrics.exchanges(1));
    for (status, sent, micros) in [
        (200, 10, 0),
        (204, 0, 100),
        (304, 0, 101),
        (404, 7, 10_000_000),
        (500, 3, 10_000_001),
        (101, 0, 1),
        (0, 0, 1),
        (999, 0, 1),
    ] {
        exchanges.add(status, sent, Duration::from_micros(micros));
    }
    thread::spawn(move || others.add(200, 1, Duration::ZERO)).join().expect("it counts");
    let page = Page::read(&metrics.text());
    for (class, count) in [("1xx", 1), ("2xx", 2), ("3xx", 1), ("4xx", 1), ("5xx", 1), ("other", 2)]
    {
        let sample = format!("readily_http_requests_total{{loop=\"0\",class=\"{class}\"}}");
        assert_eq!(page.of(&sample), f64::from(count), "{class}");
    }
    assert_eq!(page.of("readily_http_sent_bytes_total{loop=\"0\"}"), 20.0);
    assert_eq!(page.of("readily_http_sent_bytes_total{loop=\"1\"}"), 1.0, "after its thread");
    let duration = "readily_http_request_duration_seconds";
    for (bound, count) in [("0.0001", 5), ("0.00025", 6), ("5", 6), ("10", 7), ("+Inf", 8)] {
        let sample = format!("{duration}_bucket{{loop=\"0\",le=\"{bound}\"}}");
        assert_eq!(page.of(&sample), f64::from(count), "{bound}");
    }
    assert_eq!(page.of(&format!("{duration}_sum{{loop=\"0\"}}")), 20.000_205);
    assert_eq!(page.of(&format!("{duration}_count{{loop=\"0\"}}")), 8.0);
}

#[test]
fn logs() {
    let metrics = Metrics::new();
    let mut log = Logbook::to(std::io::sink(), Options::default()).expect("a log");
    metrics.show_log("access", &log);
    metrics.show_log("access", &log);
    log.write(|line| line.push(b'a')).expect("it fits");
    log.write(|line| line.resize(1 << 20, b'a')).expect_err("it is too long");
    // The figures outlive the log, and do not keep it open.
    drop(log);
    let page = Page::read(&metrics.text());
    for (name, value) in [
        ("lines_total", 1.0),
        ("lines_dropped_total", 1.0),
        ("failures_total", 0.0),
        ("waiting_bytes", 0.0),
    ] {
        assert_eq!(page.of(&format!("readily_log_{name}{{log=\"access\"}}")), value, "{name}");
    }
}
