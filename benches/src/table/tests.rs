use super::*;

fn table(target: Target, rows: &[(&str, Cell)]) -> Table {
    let mut table = Table {
        figure: "echo",
        title: "things per \"thing\"".to_owned(),
        commands: vec!["load".to_owned()],
        columns: vec![Column { heading: "at 64".to_owned(), decimals: 1, target }],
        rows: Vec::new(),
        notes: Vec::new(),
    };
    for (label, cell) in rows {
        table.add(label, Ok(vec![*cell]));
    }
    table
}

fn spread(median: f64) -> Cell {
    Cell::Spread(Spread { median, min: 0.0, max: 99.0 })
}

#[test]
fn verdicts() {
    use Cell::{Failed, NotMeasured, Number};
    let subject = |cell| (SUBJECT, cell);
    let peers = Target::NeverBehind(&["tokio"]);
    let more = Target::NeverBelow(&["tokio"]);
    let half = Target::Within { most: 2.0, share: 0.5, of: &["tokio"] };
    for (target, rows, verdict) in [
        (Target::Open, vec![subject(Number(1.0))], Verdict::Open),
        (Target::AtMost(2.0), vec![subject(Number(2.0))], Verdict::Met),
        (Target::AtMost(2.0), vec![subject(Number(2.1))], Verdict::Missed),
        (Target::AtMost(2.0), vec![subject(spread(2.0))], Verdict::Met),
        (Target::AtMost(2.0), vec![subject(Failed)], Verdict::Unknown),
        (Target::AtMost(2.0), vec![("tokio", Number(1.0))], Verdict::Unknown),
        (half, vec![subject(Number(2.0)), ("tokio", Number(4.0))], Verdict::Met),
        (half, vec![subject(Number(2.0)), ("tokio", Number(3.9))], Verdict::Missed),
        (half, vec![subject(Number(2.1)), ("tokio", Number(9.0))], Verdict::Missed),
        (half, vec![subject(Number(2.0)), ("tokio", Failed)], Verdict::Unknown),
        (peers, vec![subject(Number(1.0)), ("tokio", Number(1.0))], Verdict::Met),
        (peers, vec![subject(Number(2.0)), ("tokio", spread(1.0))], Verdict::Missed),
        (peers, vec![subject(Number(1.0)), ("tokio", NotMeasured)], Verdict::Unknown),
        (peers, vec![subject(Number(1.0))], Verdict::Unknown),
        (more, vec![subject(Number(1.0)), ("tokio", Number(1.0))], Verdict::Met),
        (more, vec![subject(Number(1.0)), ("tokio", Number(2.0))], Verdict::Missed),
        (more, vec![subject(Number(1.0)), ("tokio", NotMeasured)], Verdict::Unknown),
        (more, vec![subject(Failed), ("tokio", Number(1.0))], Verdict::Unknown),
        (peers, vec![subject(Number(1.0)), ("aside", Number(0.5))], Verdict::Unknown),
        (
            peers,
            vec![subject(Number(1.0)), ("aside", Number(0.5)), ("tokio", Number(2.0))],
            Verdict::Met,
        ),
    ] {
        assert_eq!(table(target, &rows).verdict(0), verdict, "{target:?} {rows:?}");
    }
}

#[test]
fn text_is_aligned() {
    let mut table = table(Target::AtMost(350.0), &[("raw epoll", Cell::Number(41.26))]);
    table.add(SUBJECT, Err(Failure::Missing("tcp_echo is missing".to_owned())));
    table.add("tokio", Ok(vec![spread(793.0)]));
    let expected = "\
echo: things per \"thing\"
  $ load
                            at 64
  raw epoll                  41.3
  Readily            not measured
  tokio       793.0 (0.0 to 99.0)
  target              at most 350
  verdict            not measured
  Readily: tcp_echo is missing
";
    assert_eq!(table.to_string(), expected);
    assert!(!table.has_failed());
}

#[test]
fn a_little_less_than_nothing_is_nothing() {
    for (value, decimals, text) in
        [(-0.04, 1, "0.0"), (-0.06, 1, "-0.1"), (-0.4, 0, "0"), (-10.0, 0, "-10"), (0.0, 2, "0.00")]
    {
        assert_eq!(Cell::Number(value).text(decimals), text);
    }
}

#[test]
fn json_is_complete() {
    let mut table = table(Target::NeverBehind(&["a", "b"]), &[("tokio", spread(1.5))]);
    table.add(SUBJECT, Err(Failure::failed("died:\n\\")));
    let expected = concat!(
        r#"{"figure":"echo","title":"things per \"thing\"","commands":["load"],"#,
        r#""columns":[{"heading":"at 64","target":"never behind a, b","verdict":"not measured"}],"#,
        r#""rows":[{"server":"tokio","cells":[{"median":1.5,"min":0,"max":99}]},"#,
        r#"{"server":"Readily","cells":["failed"]}],"notes":["Readily: died:\u000a\\"]}"#,
    );
    assert_eq!(table.to_json(), expected);
    assert!(table.has_failed());
}
