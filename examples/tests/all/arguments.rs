//! The command lines of all examples.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;

use crate::server::{example, run};

/// All that serve: the one that asks has other options.
const ALL: [&str; 15] = [
    "tcp_echo",
    "udp_echo",
    "tcp_relay",
    "key_value",
    "http_hello",
    "http_echo",
    "http_api",
    "static_files",
    "ws_echo",
    "tls_echo",
    "https_echo",
    "https_site",
    "quic_echo",
    "chat",
    "showcase",
];

/// One clear line, and nothing else.
pub(crate) fn refuses(name: &str, arguments: &[&OsStr], part: &str) {
    let output = run(example(name).args(arguments));
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let told = format!("{name} {arguments:?}: {err}");
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!((out.len(), err.lines().count()), (0, 1), "{told}");
    assert!(err.starts_with(&format!("{name}: ")) && err.contains(part), "{told}");
}

#[test]
fn a_bad_argument_is_one_line_and_exit_code_2() {
    for name in ALL {
        for (arguments, part) in [
            (["--nonsense"].as_slice(), "unknown argument `--nonsense`"),
            (&["7000"], "unknown argument `7000`"),
            (&[""], "unknown argument ``"),
            (&["--listen"], "--listen needs ADDR"),
            (&["--listen", "localhost"], "--listen `localhost`"),
            (&["--listen", "127.0.0.1:99999"], "--listen `127.0.0.1:99999`"),
            (&["--listen", "a\nb"], "--listen `a b`"),
            (&["--listen=127.0.0.1:0", "--listen", "127.0.0.1:0"], "--listen is given twice"),
            (&["--trace=yes"], "--trace takes no value"),
        ] {
            refuses(name, &arguments.iter().map(OsStr::new).collect::<Vec<_>>(), part);
        }
        refuses(name, &[OsStr::from_bytes(b"--\xff")], "is not UTF-8");
    }
    for (name, arguments, part) in [
        ("tcp_echo", ["--loops", "0"].as_slice(), "--loops `0`"),
        ("tcp_echo", &["--loops", "two"], "--loops `two`"),
        ("tcp_echo", &["--loops", "2", "--listen", "unix:a"], "--loops needs an IP address"),
        ("tcp_echo", &["--listen", "unix:"], "--listen `unix:`"),
        ("tcp_echo", &["--listen", "unix:/no/such/folder/a"], "cannot listen on unix:/no/such"),
        ("udp_echo", &["--listen", "unix:a"], "--listen `unix:a`"),
        ("udp_echo", &["--max", "65508"], "at most 65507 bytes"),
        ("udp_echo", &["--max", "-1"], "--max `-1`"),
        ("tcp_relay", &[], "--to is needed"),
        ("tcp_relay", &["--to", ""], "--to ``"),
        ("tcp_relay", &["--to", "127.0.0.1:1,"], "--to ``"),
        ("tcp_relay", &["--to", "127.0.0.1:1,b"], "--to `b`"),
        ("tcp_relay", &["--to", "unix:a", "--connect-within", "3"], "--connect-within `3`"),
        ("tcp_relay", &["--to", "unix:a", "--connect-within", "0s"], "--connect-within `0s`"),
        ("key_value", &["--password"], "--password needs WORD"),
        ("tls_echo", &["--cert", "a"], "--cert needs --key"),
        ("tls_echo", &["--cert", "/no/such", "--key", "a"], "--cert `/no/such`: No such file"),
        ("https_echo", &["--key", "a"], "--key needs --cert"),
        ("https_echo", &["--cert", "/etc/passwd", "--key", "/etc/passwd"], "no private key in"),
        ("https_site", &["--site", "a"], "--site `a`: expected NAME=DIR"),
        ("https_site", &["--site", "=."], "--site `=.`: expected a name"),
        ("https_site", &["--site", "a=/no/such"], "--site `a=/no/such`: No such file"),
        ("https_site", &["--site", "a=.", "--site", "A=."], "--site `a` is given twice"),
        ("https_site", &["--cert", "a"], "--key is given 0 times for 1 sites"),
        ("https_site", &["--cert", "/no/such", "--key", "a"], "--cert: /no/such: No such file"),
        ("https_site", &["--cert-out", "/no/such/a"], "--cert-out `/no/such/a`: No such file"),
        ("https_site", &["--client-ca", "/no/such"], "--client-ca `/no/such`: No such file"),
        ("https_site", &["--client-ca", "/etc/passwd"], "--client-ca `/etc/passwd`: the cert"),
        ("https_site", &["--look-every", "0s"], "--look-every `0s`"),
        ("quic_echo", &["--listen", "unix:a"], "--listen `unix:a`"),
        ("quic_echo", &["--key", "a"], "--key needs --cert"),
        ("quic_echo", &["--cert-out", "/no/such/file"], "--cert-out `/no/such/file`: No such file"),
        ("http_api", &["--upload-max", "much"], "--upload-max `much`"),
        ("http_api", &["--json-log"], "--json-log needs --log"),
        ("http_api", &["--log", "/no/such/file"], "--log `/no/such/file`: No such file"),
        ("static_files", &["--root", "/no/such"], "--root `/no/such`: No such file"),
        ("static_files", &["--root", "/etc/passwd"], "--root `/etc/passwd`: Not a directory"),
        ("static_files", &["--inline", "--offload"], "--inline and --offload exclude each other"),
        ("static_files", &["--metrics", "m"], "--metrics `m`: a path begins with a slash"),
        ("static_files", &["--log", "/no/such/file"], "--log `/no/such/file`: No such file"),
        ("static_files", &["--loops", "0"], "--loops `0`"),
        ("static_files", &["--loops", "2", "--listen", "unix:a"], "--loops needs an IP address"),
        ("showcase", &["--listen", "unix:a"], "--listen `unix:a`"),
        ("showcase", &["--root", "/no/such"], "--root `/no/such`: No such file"),
        ("showcase", &["--plain", "127.0.0.1:65533"], "--plain `127.0.0.1:65533`"),
    ] {
        refuses(name, &arguments.iter().map(OsStr::new).collect::<Vec<_>>(), part);
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("a socket").to_string();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let udp_address = udp.local_addr().expect("a socket").to_string();
    for name in ALL {
        let is_udp = matches!(name, "udp_echo" | "quic_echo");
        let at = if is_udp { &udp_address } else { &address };
        let mut arguments = vec!["--listen", at];
        if name == "tcp_relay" {
            arguments.extend(["--to", at]);
        }
        let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
        refuses(name, &arguments, &format!("cannot listen on {at}: Address already in use"));
    }
    let loops = ["--loops", "2", "--listen", &address].map(OsStr::new);
    refuses("tcp_echo", &loops, &format!("cannot listen on {address}"));
}

#[test]
fn help_tells_of_every_option() {
    for name in ALL {
        for flag in ["--help", "-h"] {
            let output = run(example(name).arg(flag));
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{name}");
            for part in [&format!("Usage: {name} "), "  --listen ADDR ", "  --trace ", "--help "] {
                assert!(text.contains(part), "{name}: {text}");
            }
        }
    }
}
