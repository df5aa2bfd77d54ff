//! C9 and C18: whatever a program puts into a request, it is one request, and what it says is what
//! was put in. Each that can be built is read by the server, which is strict.

use readily_protocols::http1::wire::{ClientSide, Event, How, Length, ServerSide};
use readily_protocols::http1::{BadRequest, Field, Limits, RequestLine, Starts};

use crate::seeds::Random;

impl Random {
    /// A text out of what is sound, with what is not in one of four.
    fn text(&mut self, sound: &str) -> String {
        const BAD: [char; 14] = [
            '\r', '\n', '\0', ' ', '\t', ':', '\u{7f}', '\u{1b}', '"', '\u{e9}', '/', '%', '#', ',',
        ];
        let sound: Vec<char> = sound.chars().collect();
        let length = self.below(9);
        let is_bad = self.below(4) == 0;
        (0..length)
            .map(|_| match is_bad && self.below(3) == 0 {
                true => BAD[self.below(BAD.len())],
                false => sound[self.below(sound.len())],
            })
            .collect()
    }
}

const CASES: u64 = 200_000;

#[test]
fn whatever_is_put_into_a_request_it_is_read_as_it_was_meant() {
    let mut draw = Random(1);
    let (mut built, mut starts) = (0, Starts::new());
    for case in 0..CASES {
        let method = ["GET", "PUT", "OPTIONS", &draw.text("GETgetX-!~")][draw.below(4)].to_owned();
        let target = format!("/{}", draw.text("ab0-._~?&=;'"));
        let host = draw.text("ab0-.");
        let name = format!("x{}", draw.text("ab-_0~"));
        let value = draw.text("ab c;=\"\t");
        let Ok(line) = RequestLine::new(&method, &target, &host) else { continue };
        let Ok(field) = Field::new(&name, value.as_bytes()) else { continue };
        built += 1;
        let (mut client, mut out) = (ClientSide::new(), Vec::new());
        let fields = [field, Field::from_static("last", "x")];
        client.request(&line, &fields, Length::Known(2), How::PLAIN, &mut out).expect("it is free");
        client.send(b"{}", &mut out).expect("as long as announced");
        client.finish(&[], &mut out).expect("all of it");
        let mut server = ServerSide::new();
        let received = server.receive(&out, &Limits::DEFAULT, &mut starts);
        let Ok(received) = received else { panic!("case {case}: {:?}", out.escape_ascii()) };
        let Event::Request(head) = received.event else { panic!("case {case}: no request") };
        assert_eq!(
            (head.method(), head.target(), head.host()),
            (&method[..], &target[..], Some(&host[..]))
        );
        let sent: Vec<(&str, &[u8])> = head.headers().collect();
        let value = value.as_bytes().trim_ascii();
        let meant =
            [("host", host.as_bytes()), (&name, value), ("last", b"x"), ("content-length", b"2")];
        assert_eq!(sent, meant, "case {case}");
        assert_eq!(&out[received.used..], b"{}", "case {case}: one request and its body");
    }
    assert!(built > CASES / 8, "{built}");
}

#[test]
fn every_byte_in_every_part() {
    for byte in 0..=u8::MAX {
        let text = String::from(char::from(byte));
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert_eq!(RequestLine::new(&text, "/", "a").is_ok(), is_token, "{byte:#04x}");
        assert_eq!(Field::new(&text, b"").err(), (!is_token).then_some(BadRequest::Name));
        let is_value = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        assert_eq!(Field::new("a", &[byte]).is_ok(), is_value, "{byte:#04x}");
        let target = format!("/{text}");
        if byte <= b' ' || byte >= 0x7f {
            assert!(RequestLine::get(&target, "a").is_err(), "{byte:#04x}");
            assert!(RequestLine::get("/", &format!("a{text}")).is_err(), "{byte:#04x}");
        }
    }
}
