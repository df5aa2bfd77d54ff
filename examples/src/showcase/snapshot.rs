//! What the page is told, as JSON: once what this server is, then its figures again and again.

use std::time::Duration;

use readily::{Counters, Machine, Reactor, StateCounters, Tally};

use super::json::Json;
use super::site::BODY_MAX;
use super::tour::Stop;
use super::{Conn, Showcase};

/// What does not change while a server runs. `instance` is another number for each server, so that
/// a page knows when it came back to a new one.
pub(super) fn hello(instance: u64, stops: &[Stop]) -> String {
    Json::object(|json| {
        json.field("kind").text("hello");
        json.field("instance").number(instance);
        json.field("version").text(env!("CARGO_PKG_VERSION"));
        json.field("body_max").number(BODY_MAX);
        json.field("states").list(Conn::STATES, |json, state| {
            json.fields(|json| {
                json.field("name").text(state.name);
                json.field("becomes").numbers(state.becomes.iter().map(|to| *to as u64));
                let (within, idle) = (state.timeouts.within(), state.timeouts.idle());
                let named = [("within", within), ("idle", idle)].into_iter();
                let named = named.filter(|(_, nanos)| *nanos < u64::MAX);
                json.field("deadlines").list(named, |json, (name, nanos)| {
                    json.text(&format!("{name} {:?}", Duration::from_nanos(nanos)));
                });
            });
        });
        json.field("services").list(stops, |json, stop| {
            json.fields(|json| {
                json.field("name").text(stop.what);
                json.field("at").text(&stop.at);
                json.field("port").maybe(stop.port.map(u64::from));
                json.field("state").maybe(stop.first.map(|first| first as u64));
                json.field("try").text(&stop.command);
            });
        });
        json.field("counters").texts(Counters::default().iter().map(|(name, _)| name));
    })
}

/// Which connection a watcher is.
pub(super) fn you(id: impl std::fmt::Display) -> String {
    Json::object(|json| {
        json.field("kind").text("you");
        json.field("id").text(&id.to_string());
    })
}

/// A line that a watcher wrote.
pub(super) fn line(from: impl std::fmt::Display, text: &str) -> String {
    Json::object(|json| {
        json.field("kind").text("line");
        json.field("from").text(&from.to_string());
        json.field("text").text(text);
    })
}

/// What a loop has counted until now.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    pub(super) uptime: Duration,
    pub(super) counters: &'a Counters,
    pub(super) states: &'a StateCounters,
    pub(super) tally: &'a Tally,
    /// How many came to each service.
    pub(super) served: &'a [u64],
}

impl<'a> Snapshot<'a> {
    pub(super) fn of(reactor: &'a Reactor<Showcase>, uptime: Duration) -> Self {
        let (counters, states) = (reactor.counters(), reactor.states());
        let served = reactor.app().board.served();
        Snapshot { uptime, counters, states, tally: reactor.tally(), served }
    }

    /// The counters, states, and transitions are in the order of what [`hello`] named.
    pub(super) fn json(&self) -> String {
        Json::object(|json| {
            json.field("kind").text("figures");
            json.field("uptime").number(self.uptime.as_millis() as u64);
            json.field("counters").numbers(self.counters.iter().map(|(_, n)| n));
            json.field("now").numbers(self.states.now.iter().copied());
            json.field("edges").list(Conn::STATES.iter().enumerate(), |json, (from, state)| {
                json.numbers(state.becomes.iter().map(|to| self.states.edge(from, *to)));
            });
            json.field("served").numbers(self.served.iter().copied());
            json.field("tally").list(self.tally.iter(), |json, (name, n)| {
                json.pair(name, n);
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use readily::echo::Echo;

    #[test]
    fn a_server_says_what_it_is() {
        let stop = |what, port, first| Stop {
            what,
            at: "here".to_owned(),
            port,
            first,
            command: "say \"hello\\n\"".to_owned(),
        };
        let echo = Conn::Echo(Echo).state();
        let stops = [stop("Echo", None, Some(echo)), stop("UDP", Some(7), None)];
        let text = hello(5, &stops);
        let tried = r#""try":"say \"hello\\n\"""#;
        for part in [
            r#"{"kind":"hello","instance":5,"version":""#,
            r#""states":[{"name":"Http","becomes":[1,2],"deadlines":[]},{"name":"Live","#,
            r#"{"name":"Value","becomes":[7,10],"deadlines":["within 30s","idle 10s"]},"#,
            &format!(r#"{{"name":"Echo","at":"here","port":null,"state":{echo},{tried}}}"#),
            &format!(r#"{{"name":"UDP","at":"here","port":7,"state":null,{tried}}}"#),
            r#""counters":["turns","events","stale_events","#,
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn figures_are_in_the_order_of_what_was_said() {
        let n = Conn::STATES.len();
        let mut states = StateCounters { now: vec![0; n], edges: vec![0; n * n] };
        let at = |name| Conn::STATES.iter().position(|state| state.name == name).expect(name);
        states.now[at("Live")] = 3;
        states.edges[at("Http") * n + at("Live")] = 7;
        states.edges[at("Value") * n + at("Quit")] = 9;
        let mut tally = Tally::default();
        tally.count("a \"reason\"");
        let text = Snapshot {
            uptime: Duration::from_micros(1_500_999),
            counters: &Counters { turns: 4, events: 5, ..Counters::default() },
            states: &states,
            tally: &tally,
            served: &[1, 0, 2],
        }
        .json();
        for part in [
            r#"{"kind":"figures","uptime":1500,"counters":[4,5,0,"#,
            r#""now":[0,3,0,0,0,0,0,0,0,0,0,0,0,0,0],"#,
            r#""edges":[[7,0],[],[],[],[0],[],[0,0],[0,0,0],[0,9],[0],[],[],[],[],[]],"#,
            r#""served":[1,0,2],"tally":[["a \"reason\"",1]]}"#,
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn watchers_are_told_who_they_are_and_what_others_say() {
        assert_eq!(you("7.2"), r#"{"kind":"you","id":"7.2"}"#);
        assert_eq!(line("7.2", "a\nb"), r#"{"kind":"line","from":"7.2","text":"a\nb"}"#);
    }
}
