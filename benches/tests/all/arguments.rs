//! Bad arguments, and what is missing.

use std::io::Result;

use crate::{
    LOAD, MEASURE, PEER_BLOCKING, PEER_MIO, PEER_RAW, PEER_READILY, PEER_TOKIO, QUIC_LOAD,
    TLS_FLOOR, assert_one_line, run,
};

/// Programs of several servers.
const PEERS: [(&str, &str); 4] = [
    (PEER_RAW, "echo, http, udp"),
    (PEER_BLOCKING, "one, threads, udp"),
    (PEER_TOKIO, "echo, udp, relay, tls, "),
    (PEER_READILY, "http, https, tls, files, "),
];

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<()> {
    let quic = "--connect 127.0.0.1:1 --trust none.pem";
    for (program, arguments, expected) in [
        (PEER_RAW, "echo".to_owned(), "--listen is missing"),
        (PEER_RAW, "echo --listen here".to_owned(), "--listen here: invalid socket address"),
        (PEER_RAW, "echo --listen 127.0.0.1:0 --to".to_owned(), "--to is not known here"),
        (PEER_MIO, String::new(), "--listen is missing"),
        (PEER_TOKIO, "echo --listen".to_owned(), "--listen needs a value"),
        (PEER_TOKIO, "echo --listen 127.0.0.1:0 --threads 0".to_owned(), "--threads 0: "),
        (PEER_TOKIO, "relay --listen 127.0.0.1:0".to_owned(), "--to is missing"),
        (PEER_TOKIO, "tls --listen 127.0.0.1:0".to_owned(), "--cert-out is missing"),
        (PEER_TOKIO, "https --listen 127.0.0.1:0".to_owned(), "--cert-out is missing"),
        (PEER_TOKIO, "quic --listen 127.0.0.1:0".to_owned(), "--cert-out is missing"),
        (
            PEER_TOKIO,
            "quic --listen 127.0.0.1:0 --cert-out c.pem --windows 1,2".to_owned(),
            "three numbers of bytes are expected",
        ),
        (QUIC_LOAD, quic.to_owned(), "one of --bytes, --echo and --handshakes is expected"),
        (QUIC_LOAD, format!("{quic} --bytes 0"), "--bytes is at least 1"),
        (QUIC_LOAD, format!("{quic} --bytes 1 --connections 0"), "--connections is at least 1"),
        (TLS_FLOOR, "--connections 0".to_owned(), "--connections is at least 1"),
        (TLS_FLOOR, "--size 16385".to_owned(), "--size is 1 to 16384"),
        (TLS_FLOOR, "--settings own".to_owned(), "rustls or readily is expected"),
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
fn bad_arguments_of_load_are_one_line_and_exit_code_2() -> Result<()> {
    let two = "--connect 127.0.0.1:1 --connections 2";
    let echo = format!("{two} --size 1");
    let http = format!("{two} --protocol http");
    let idle = "--connect 127.0.0.1:1 --connections 0 --size 1";
    for (arguments, expected) in [
        (echo.clone(), "--requests or --seconds is missing"),
        (format!("{echo} --requests 1"), "--requests is at least one for each"),
        (format!("{idle} --idle 1 --requests 1"), "--requests is at least one for each"),
        (idle.to_owned(), "--connections and --idle are both 0"),
        (format!("{echo} --requests 2 --seconds 1"), "--requests excludes --seconds"),
        (format!("{echo} --seconds 0"), "--seconds is more than 0"),
        (format!("{echo} --seconds 1 --server-pid 0"), "--server-pid 0: "),
        (format!("{echo} --requests 2 --verify no"), "on or off is expected"),
        (format!("{echo} --requests 2 --size 2"), "--size is not known here"),
        (format!("{two} --requests 2"), "--size is missing"),
        (format!("{two} --requests 2 --size 0"), "--size is 1 to 1048576"),
        (format!("{two} --requests 2 --size 1048577"), "--size is 1 to 1048576"),
        (format!("{echo} --requests 2 --protocol ftp"), "echo, http or websocket is expected"),
        (format!("{echo} --requests 2 --protocol http"), "--size is not known here"),
        (format!("{echo} --requests 2 --request json"), "--request is not known here"),
        (format!("{echo} --requests 2 --pipeline 2"), "--pipeline is not known here"),
        (format!("{echo} --requests 2 --protocol websocket --fresh"), "--fresh is not known here"),
        (
            format!("{http} --requests 2 --request long"),
            "browser, short, plaintext, json, upload, file or stream is expected",
        ),
        (format!("{echo} --requests 2 --resume"), "--resume is not known here"),
        (format!("{echo} --requests 2 --fresh --resume"), "--resume needs --trust"),
        (format!("{http} --requests 2 --fresh --resume"), "--resume is not known here"),
        (format!("{echo} --requests 2 --deflate"), "--deflate is not known here"),
        (format!("{http} --requests 2 --pipeline 0"), "--pipeline is 1 to 1024"),
        (format!("{http} --requests 2 --pipeline 1025"), "--pipeline is 1 to 1024"),
        (format!("{http} --requests 2 --pipeline 2 --fresh"), "--fresh excludes --pipeline"),
        (format!("{echo} --requests 2 --fresh --idle 1"), "--fresh excludes --idle"),
        (format!("{echo} --requests 2 --fresh --hold"), "--fresh excludes --hold"),
        (format!("{echo} --seconds 1 --rate 0"), "--rate is more than 0 and at most 10000000"),
        (format!("{echo} --seconds 1 --rate NaN"), "--rate is more than 0 and at most 10000000"),
        (format!("{echo} --seconds 1 --rate 10000001"), "--rate is more than 0 and at most"),
        (format!("{echo} --seconds 1 --rate 1 --arrivals odd"), "even or poisson is expected"),
        (format!("{echo} --seconds 1 --arrivals even"), "--arrivals is not known here"),
        (format!("{echo} --requests 2 --rate 1"), "--rate excludes --requests"),
        (format!("{http} --seconds 1 --rate 1 --pipeline 2"), "--rate excludes --pipeline"),
        (format!("{idle} --idle 1 --rate 1"), "--rate needs --connections"),
    ] {
        let output = run(LOAD, &arguments)?;
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn a_subcommand_that_is_not_there_is_one_line_with_those_that_are() -> Result<()> {
    for (program, names) in PEERS {
        for (word, said) in [("", "\"\""), ("ehco", "\"ehco\""), ("--listen", "\"--listen\"")] {
            let output = run(program, word)?;
            assert_eq!(output.status.code(), Some(2), "{program} {word}");
            assert_one_line(&output, &format!("{said} is not one of its subcommands: {names}"));
        }
    }
    Ok(())
}

#[test]
fn help_lists_every_subcommand() -> Result<()> {
    for (program, names) in PEERS {
        let output = run(program, "--help")?;
        assert!(output.status.success(), "{output:?}");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in names.split(", ").filter(|name| !name.is_empty()) {
            assert!(listed.contains(&format!(" {name} --listen ADDR")), "{name}: {listed}");
            let output = run(program, &format!("{name} --help"))?;
            let usage = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && listed.contains(&usage), "{name}: {usage}");
        }
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
