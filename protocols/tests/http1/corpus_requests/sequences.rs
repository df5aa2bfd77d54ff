//! Several requests on one connection, and where one ends and the next begins.

use readily_protocols::http1::Refusal::{BadHost, BadLength, BadTarget, BareLf, Malformed};

use super::{BodyCut, Entry, HeadCut, Many, ManyLast, Then};

pub(super) const ENTRIES: &[Entry] = &[
    (
        "two",
        "GET /1 HTTP/1.1¶Host: a¶¶GET /2 HTTP/1.1¶Host: a¶¶",
        Many(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "two_with_an_empty_line_between",
        "GET /1 HTTP/1.1¶Host: a¶¶¶GET /2 HTTP/1.1¶Host: a¶¶",
        Many(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "two_with_two_empty_lines_between",
        "GET /1 HTTP/1.1¶Host: a¶¶¶¶GET /2 HTTP/1.1¶Host: a¶¶",
        Then(&[("GET", "/1", "")], Malformed),
    ),
    (
        "two_with_lf_between",
        "GET /1 HTTP/1.1¶Host: a¶¶\nGET /2 HTTP/1.1¶Host: a¶¶",
        Then(&[("GET", "/1", "")], BareLf),
    ),
    (
        "an_empty_line_behind_a_body",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 1¶¶b¶GET / HTTP/1.1¶Host: a¶¶",
        Many(&[("POST", "/x", "b"), ("GET", "/", "")]),
    ),
    (
        "an_empty_line_before_each",
        "¶GET /1 HTTP/1.1¶Host: a¶¶¶GET /2 HTTP/1.1¶Host: a¶¶¶",
        Many(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "body_then_head",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 3¶¶abcGET / HTTP/1.1¶Host: a¶¶",
        Many(&[("POST", "/x", "abc"), ("GET", "/", "")]),
    ),
    (
        "chunks_then_head",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶3¶abc¶0¶¶GET / HTTP/1.1¶Host: a¶¶",
        Many(&[("POST", "/x", "abc"), ("GET", "/", "")]),
    ),
    (
        "two_of_chunks",
        "POST /1 HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1¶a¶0¶¶POST /2 HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶2¶bc¶0¶¶",
        Many(&[("POST", "/1", "a"), ("POST", "/2", "bc")]),
    ),
    (
        "chunks_then_length",
        "POST /1 HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶¶POST /2 HTTP/1.1¶Host: a¶Content-Length: 5¶¶0¶¶",
        Many(&[("POST", "/1", ""), ("POST", "/2", "0¶¶")]),
    ),
    (
        "length_then_chunks",
        "POST /1 HTTP/1.1¶Host: a¶Content-Length: 5¶¶0¶¶POST /2 HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶¶",
        Many(&[("POST", "/1", "0¶¶"), ("POST", "/2", "")]),
    ),
    (
        "three_methods",
        "HEAD / HTTP/1.1¶Host: a¶¶OPTIONS * HTTP/1.1¶Host: a¶¶DELETE /x HTTP/1.1¶Host: a¶¶",
        Many(&[("HEAD", "/", ""), ("OPTIONS", "*", ""), ("DELETE", "/x", "")]),
    ),
    (
        "close_and_another",
        "GET /1 HTTP/1.1¶Host: a¶Connection: close¶¶GET /2 HTTP/1.1¶Host: a¶¶",
        ManyLast(&[("GET", "/1", "")]),
    ),
    (
        "close_and_garbage",
        "GET /1 HTTP/1.1¶Host: a¶Connection: close¶¶\0\0\n\n",
        ManyLast(&[("GET", "/1", "")]),
    ),
    (
        "close_with_a_body_and_another",
        "POST /1 HTTP/1.1¶Host: a¶Connection: close¶Content-Length: 1¶¶bGET /2 HTTP/1.1¶Host: a¶¶",
        ManyLast(&[("POST", "/1", "b")]),
    ),
    (
        "one_then_close",
        "GET /1 HTTP/1.1¶Host: a¶¶GET /2 HTTP/1.1¶Host: a¶Connection: close¶¶",
        ManyLast(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    ("1_0_and_another", "GET /1 HTTP/1.0¶¶GET /2 HTTP/1.0¶¶", ManyLast(&[("GET", "/1", "")])),
    (
        "1_0_kept_and_another",
        "GET /1 HTTP/1.0¶Connection: keep-alive¶¶GET /2 HTTP/1.0¶¶",
        ManyLast(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "1_1_then_1_0",
        "GET /1 HTTP/1.1¶Host: a¶¶GET /2 HTTP/1.0¶¶",
        ManyLast(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "1_0_kept_then_1_1",
        "GET /1 HTTP/1.0¶Connection: keep-alive¶¶GET /2 HTTP/1.1¶Host: a¶¶",
        Many(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    (
        "other_hosts_in_turn",
        "GET / HTTP/1.1¶Host: a¶¶GET / HTTP/1.1¶Host: b:81¶¶",
        Many(&[("GET", "/", ""), ("GET", "/", "")]),
    ),
    (
        "good_then_no_host",
        "GET / HTTP/1.1¶Host: a¶¶GET / HTTP/1.1¶¶",
        Then(&[("GET", "/", "")], BadHost),
    ),
    (
        "good_then_bad_length",
        "GET / HTTP/1.1¶Host: a¶¶POST / HTTP/1.1¶Host: a¶Content-Length: x¶¶",
        Then(&[("GET", "/", "")], BadLength),
    ),
    (
        "good_then_bad_target",
        "GET / HTTP/1.1¶Host: a¶¶GET /# HTTP/1.1¶Host: a¶¶GET / HTTP/1.1¶Host: a¶¶",
        Then(&[("GET", "/", "")], BadTarget),
    ),
    (
        "good_then_fold",
        "GET / HTTP/1.1¶Host: a¶¶ GET / HTTP/1.1¶Host: a¶¶",
        Then(&[("GET", "/", "")], Malformed),
    ),
    ("good_then_half_a_head", "GET / HTTP/1.1¶Host: a¶¶GET /", HeadCut(&[("GET", "/", "")])),
    ("good_then_half_an_empty_line", "GET / HTTP/1.1¶Host: a¶¶\r", HeadCut(&[("GET", "/", "")])),
    (
        "good_then_half_a_body",
        "GET / HTTP/1.1¶Host: a¶¶POST / HTTP/1.1¶Host: a¶Content-Length: 2¶¶b",
        BodyCut(&[("GET", "/", "")]),
    ),
    (
        "good_then_half_a_chunk",
        "GET / HTTP/1.1¶Host: a¶¶POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶2¶b",
        BodyCut(&[("GET", "/", "")]),
    ),
    (
        "body_one_byte_short_of_the_next",
        "POST /1 HTTP/1.1¶Host: a¶Content-Length: 2¶¶abXGET / HTTP/1.1¶Host: a¶¶",
        Many(&[("POST", "/1", "ab"), ("XGET", "/", "")]),
    ),
    (
        "body_that_eats_the_next",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 4¶¶GET / HTTP/1.1¶Host: a¶¶",
        Then(&[("POST", "/x", "GET ")], Malformed),
    ),
    (
        "answers_mixed_in",
        "GET / HTTP/1.1¶Host: a¶¶HTTP/1.1 200 OK¶¶",
        Then(&[("GET", "/", "")], Malformed),
    ),
    (
        "five",
        "GET / HTTP/1.1¶Host: a¶¶GET / HTTP/1.1¶Host: a¶¶POST /x HTTP/1.1¶Host: a¶Content-Length: 1¶¶bGET / HTTP/1.1¶Host: a¶¶HEAD / HTTP/1.1¶Host: a¶¶",
        Many(&[
            ("GET", "/", ""),
            ("GET", "/", ""),
            ("POST", "/x", "b"),
            ("GET", "/", ""),
            ("HEAD", "/", ""),
        ]),
    ),
];
