//! Bad arguments, and what is missing.

use std::io::Result;

use crate::{
    HYPER_HELLO, LOAD, MEASURE, QUIC_LOAD, QUINN_ECHO, RAW_EPOLL_ECHO, RAW_EPOLL_HTTP, TOKIO_ECHO,
    TOKIO_RELAY, TOKIO_TLS_ECHO, TOKIO_WS_ECHO, assert_one_line, run,
};

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<()> {
    let load = "--connect 127.0.0.1:1 --connections 2";
    let echo = format!("{load} --size 1");
    let quic = "--connect 127.0.0.1:1 --trust none.pem";
    for (program, arguments, expected) in [
        (RAW_EPOLL_ECHO, String::new(), "--listen is missing"),
        (RAW_EPOLL_ECHO, "--listen here".to_owned(), "--listen here: invalid socket address"),
        (TOKIO_ECHO, "--listen".to_owned(), "--listen needs a value"),
        (TOKIO_RELAY, "--listen 127.0.0.1:0".to_owned(), "--to is missing"),
        (RAW_EPOLL_HTTP, String::new(), "--listen is missing"),
        (HYPER_HELLO, String::new(), "--listen is missing"),
        (TOKIO_WS_ECHO, String::new(), "--listen is missing"),
        (TOKIO_TLS_ECHO, "--listen 127.0.0.1:0".to_owned(), "--cert-out is missing"),
        (QUINN_ECHO, "--listen 127.0.0.1:0".to_owned(), "--cert-out is missing"),
        (
            QUINN_ECHO,
            "--listen 127.0.0.1:0 --cert-out c.pem --windows 1,2".to_owned(),
            "three numbers of bytes are expected",
        ),
        (LOAD, echo.clone(), "--requests is missing"),
        (LOAD, format!("{echo} --requests 1"), "--requests is at least one for each"),
        (LOAD, format!("{echo} --requests 2 --verify no"), "on or off is expected"),
        (LOAD, format!("{echo} --requests 2 --size 2"), "--size is not known here"),
        (LOAD, format!("{load} --requests 2"), "--size is missing"),
        (LOAD, format!("{load} --requests 2 --size 0"), "--size is 1 to 1048576"),
        (LOAD, format!("{echo} --requests 2 --protocol ftp"), "echo, http or websocket"),
        (LOAD, format!("{echo} --requests 2 --protocol http"), "--size is not known here"),
        (
            LOAD,
            format!("{load} --requests 2 --protocol http --request long"),
            "browser or short is expected",
        ),
        (QUIC_LOAD, quic.to_owned(), "--bytes is missing"),
        (QUIC_LOAD, format!("{quic} --bytes 0"), "--bytes and --connections are at least 1"),
        (MEASURE, "--only echo".to_owned(), "there is no figure \"echo\""),
        (MEASURE, "--rounds 0".to_owned(), "--rounds is at least 1"),
    ] {
        let output = run(program, &arguments)?;
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn a_certificate_that_is_missing_is_one_line() -> Result<()> {
    for (program, arguments) in [
        (LOAD, "--connect 127.0.0.1:1 --connections 1 --size 1 --requests 1 --trust none.pem"),
        (QUIC_LOAD, "--connect 127.0.0.1:1 --bytes 1 --trust none.pem"),
    ] {
        let output = run(program, arguments)?;
        assert_eq!(output.status.code(), Some(1));
        assert_one_line(&output, "none.pem: ");
    }
    Ok(())
}

#[test]
fn measure_names_what_has_to_be_built() -> Result<()> {
    let output = run(MEASURE, "--servers /nowhere")?;
    assert_eq!(output.status.code(), Some(1));
    assert_one_line(&output, "load is missing: cargo build --release -p readily-benches --bins");
    Ok(())
}
