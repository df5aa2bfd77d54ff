//! A few hundred of the million: held, answered, counted, closed in order.

use std::io::Result;

use serde_json::Value;

use crate::{MILLION, assert_one_line, run};

#[test]
fn connections_of_several_tables_are_held_and_closed_in_order() -> Result<()> {
    let output = run(MILLION, "--connections 500 --loops 3 --json")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("connections need more:") {
        assert_eq!(output.status.code(), Some(1));
        println!("not tested: {stderr}");
        return Ok(());
    }
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout)?;
    for (name, expected) in
        [("connections", 500), ("loops", 3), ("closed", 500), ("in_order", 500), ("otherwise", 0)]
    {
        assert_eq!(found[name], expected, "{name} in {found}");
    }
    Ok(())
}

#[test]
fn bad_arguments_are_refused_in_one_line() -> Result<()> {
    for (arguments, expected) in [
        ("--connections 0", "--connections is at least 1"),
        ("--connections many", "--connections many: invalid digit"),
        ("--loops 0", "--loops 0: "),
    ] {
        let output = run(MILLION, arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert_one_line(&output, expected);
    }
    Ok(())
}
