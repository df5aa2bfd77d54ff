//! Heap allocations of the HTTP servers.

use readily_benches::bench::{Bench, Lengths};
use readily_benches::catalogue::HTTP;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::table::{Cell, Column, Table, Target};
use readily_benches::talk::{Get, Request, Talk};

use crate::wording::{difference, progress};

pub(crate) const HTTP_GET: &str = "http-allocations";

const CONNECTIONS: u64 = 64;
const GET: Talk = Talk::Http(Get::kept(Request::Browser));
const LENGTHS: Lengths = Lengths { short: 2_000, long: 12_000 };

pub(crate) fn http(bench: &Bench<'_>) -> Result<Table, Failure> {
    let column = |heading: String, decimals, target| Column { heading, decimals, target };
    let mut table = Table {
        figure: HTTP_GET,
        title: format!("heap allocations per request, a browser's GET, {CONNECTIONS} connections"),
        commands: vec![
            "valgrind --tool=memcheck SERVER --listen 127.0.0.1:0".to_owned(),
            difference(&CONNECTIONS.to_string(), GET, LENGTHS),
        ],
        // A single one is one too many, so what is held to the target is not divided.
        columns: vec![
            column("per request".to_owned(), 3, Target::Open),
            column(format!("for {} requests", LENGTHS.further()), 0, Target::AtMost(0.0)),
            column("bytes per request".to_owned(), 1, Target::Open),
        ],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for contender in HTTP {
        progress(HTTP_GET, contender, &format!("{CONNECTIONS} connections"));
        let load = Load::of(CONNECTIONS, GET);
        let further = bench.further_allocations(contender, None, load, LENGTHS);
        let cells = further.map(|(count, bytes)| {
            let requests = LENGTHS.further();
            [count / requests, count, bytes / requests].map(Cell::Number).to_vec()
        });
        table.add(contender.label, cells);
    }
    Ok(table)
}
