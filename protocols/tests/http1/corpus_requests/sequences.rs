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
        "<P><L> 1¶¶b¶<G>¶",
        Many(&[("POST", "/x", "b"), ("GET", "/", "")]),
    ),
    (
        "an_empty_line_before_each",
        "¶GET /1 HTTP/1.1¶Host: a¶¶¶GET /2 HTTP/1.1¶Host: a¶¶¶",
        Many(&[("GET", "/1", ""), ("GET", "/2", "")]),
    ),
    ("body_then_head", "<P><L> 3¶¶abc<G>¶", Many(&[("POST", "/x", "abc"), ("GET", "/", "")])),
    ("chunks_then_head", "<C>3¶abc¶0¶¶<G>¶", Many(&[("POST", "/x", "abc"), ("GET", "/", "")])),
    (
        "two_of_chunks",
        "POST /1 HTTP/1.1¶Host: a¶<T> chunked¶¶1¶a¶0¶¶\
         POST /2 HTTP/1.1¶Host: a¶<T> chunked¶¶2¶bc¶0¶¶",
        Many(&[("POST", "/1", "a"), ("POST", "/2", "bc")]),
    ),
    (
        "chunks_then_length",
        "POST /1 HTTP/1.1¶Host: a¶<T> chunked¶¶0¶¶POST /2 HTTP/1.1¶Host: a¶<L> 5¶¶0¶¶",
        Many(&[("POST", "/1", ""), ("POST", "/2", "0¶¶")]),
    ),
    (
        "length_then_chunks",
        "POST /1 HTTP/1.1¶Host: a¶<L> 5¶¶0¶¶POST /2 HTTP/1.1¶Host: a¶<T> chunked¶¶0¶¶",
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
        "POST /1 HTTP/1.1¶Host: a¶Connection: close¶<L> 1¶¶bGET /2 HTTP/1.1¶Host: a¶¶",
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
        "<G>¶GET / HTTP/1.1¶Host: b:81¶¶",
        Many(&[("GET", "/", ""), ("GET", "/", "")]),
    ),
    ("good_then_no_host", "<G>¶GET / HTTP/1.1¶¶", Then(&[("GET", "/", "")], BadHost)),
    ("good_then_bad_length", "<G>¶<P><L> x¶¶", Then(&[("GET", "/", "")], BadLength)),
    (
        "good_then_bad_target",
        "<G>¶GET /# HTTP/1.1¶Host: a¶¶<G>¶",
        Then(&[("GET", "/", "")], BadTarget),
    ),
    ("good_then_fold", "<G>¶ <G>¶", Then(&[("GET", "/", "")], Malformed)),
    ("good_then_half_a_head", "<G>¶GET /", HeadCut(&[("GET", "/", "")])),
    ("good_then_half_an_empty_line", "<G>¶\r", HeadCut(&[("GET", "/", "")])),
    ("good_then_half_a_body", "<G>¶<P><L> 2¶¶b", BodyCut(&[("GET", "/", "")])),
    ("good_then_half_a_chunk", "<G>¶<C>2¶b", BodyCut(&[("GET", "/", "")])),
    (
        "body_one_byte_short_of_the_next",
        "POST /1 HTTP/1.1¶Host: a¶<L> 2¶¶abX<G>¶",
        Many(&[("POST", "/1", "ab"), ("XGET", "/", "")]),
    ),
    ("body_that_eats_the_next", "<P><L> 4¶¶<G>¶", Then(&[("POST", "/x", "GET ")], Malformed)),
    ("answers_mixed_in", "<G>¶<R>¶", Then(&[("GET", "/", "")], Malformed)),
    (
        "five",
        "<G>¶<G>¶<P><L> 1¶¶b<G>¶HEAD / HTTP/1.1¶Host: a¶¶",
        Many(&[
            ("GET", "/", ""),
            ("GET", "/", ""),
            ("POST", "/x", "b"),
            ("GET", "/", ""),
            ("HEAD", "/", ""),
        ]),
    ),
];
