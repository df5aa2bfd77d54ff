//! The floor of a TLS connection.

use std::io::{Error, Result};
use std::mem::size_of;

use rustls::ServerConnection;

use crate::{TLS_FLOOR, run};

/// As large as a record can be.
const RECORD: usize = 16 * 1024;

#[test]
fn a_connection_is_no_smaller_than_its_object_and_gives_a_large_record_back() -> Result<()> {
    let floor = |settings: &str| -> Result<usize> {
        let words = format!("--connections 500 --size {RECORD} --settings {settings}");
        let output = run(TLS_FLOOR, &words)?;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().parse().map_err(Error::other)
    };
    let [left, given_back] = [floor("rustls")?, floor("readily")?];
    assert!(given_back > size_of::<ServerConnection>(), "{given_back}");
    assert!(given_back < RECORD, "{given_back}");
    assert!(left > given_back + RECORD / 2, "{left} {given_back}");
    Ok(())
}
