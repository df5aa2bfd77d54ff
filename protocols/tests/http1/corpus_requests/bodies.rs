//! Bodies: lengths, codings, both, and the frame of chunks.

use readily_protocols::http1::Refusal::{
    BadChunk, BadCoding, BadLength, BadTrailer, BareLf, LengthAndCoding, Malformed,
};

use super::{Bad, BodyCut, Entry, Last, Many, One, Then};

pub(super) const ENTRIES: &[Entry] = &[
    // Lengths.
    ("length", "POST /x HTTP/1.1¶Host: a¶Content-Length: 5¶¶hello", One("POST", "/x", "hello")),
    ("length_zero", "POST /x HTTP/1.1¶Host: a¶Content-Length: 0¶¶", One("POST", "/x", "")),
    ("length_of_get", "GET /x HTTP/1.1¶Host: a¶Content-Length: 2¶¶ab", One("GET", "/x", "ab")),
    ("length_of_head", "HEAD /x HTTP/1.1¶Host: a¶Content-Length: 2¶¶ab", One("HEAD", "/x", "ab")),
    (
        "length_of_delete",
        "DELETE /x HTTP/1.1¶Host: a¶Content-Length: 2¶¶ab",
        One("DELETE", "/x", "ab"),
    ),
    (
        "length_with_zeros_in_front",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 002¶¶ab",
        One("POST", "/x", "ab"),
    ),
    (
        "length_with_space_around",
        "POST /x HTTP/1.1¶Host: a¶Content-Length:\t 2 \t¶¶ab",
        One("POST", "/x", "ab"),
    ),
    (
        "length_in_any_case",
        "POST /x HTTP/1.1¶Host: a¶cONTENT-lENGTH:2¶¶ab",
        One("POST", "/x", "ab"),
    ),
    ("length_1_0", "POST /x HTTP/1.0¶Content-Length: 2¶¶ab", Last("POST", "/x", "ab")),
    (
        "length_body_of_line_ends",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 4¶¶¶¶",
        One("POST", "/x", "¶¶"),
    ),
    (
        "length_body_of_nul",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 2¶¶\0\n",
        One("POST", "/x", "\0\n"),
    ),
    (
        "length_body_like_a_request",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 30¶¶GET / HTTP/1.1¶Host: a¶¶end",
        One("POST", "/x", "GET / HTTP/1.1¶Host: a¶¶end"),
    ),
    (
        "length_too_short",
        "POST /x HTTP/1.1¶Host: a¶Content-Length: 1¶¶ab¶¶",
        Then(&[("POST", "/x", "a")], Malformed),
    ),
    ("length_too_long", "POST /x HTTP/1.1¶Host: a¶Content-Length: 3¶¶ab", BodyCut(&[])),
    ("length_and_no_body", "POST /x HTTP/1.1¶Host: a¶Content-Length: 3¶¶", BodyCut(&[])),
    (
        "length_none_and_a_body",
        "POST /x HTTP/1.1¶Host: a¶¶ab¶¶",
        Then(&[("POST", "/x", "")], Malformed),
    ),
    ("length_empty", "POST / HTTP/1.1¶Host: a¶Content-Length:¶¶", Bad(BadLength)),
    ("length_of_space", "POST / HTTP/1.1¶Host: a¶Content-Length:  ¶¶", Bad(BadLength)),
    ("length_plus", "POST / HTTP/1.1¶Host: a¶Content-Length: +5¶¶hello", Bad(BadLength)),
    ("length_minus", "POST / HTTP/1.1¶Host: a¶Content-Length: -5¶¶hello", Bad(BadLength)),
    ("length_minus_zero", "POST / HTTP/1.1¶Host: a¶Content-Length: -0¶¶", Bad(BadLength)),
    ("length_hexadecimal", "POST / HTTP/1.1¶Host: a¶Content-Length: 0x5¶¶hello", Bad(BadLength)),
    (
        "length_of_hexadecimal_digits",
        "POST / HTTP/1.1¶Host: a¶Content-Length: a¶¶0123456789",
        Bad(BadLength),
    ),
    (
        "length_underscore",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 1_0¶¶0123456789",
        Bad(BadLength),
    ),
    ("length_fraction", "POST / HTTP/1.1¶Host: a¶Content-Length: 5.0¶¶hello", Bad(BadLength)),
    ("length_exponent", "POST / HTTP/1.1¶Host: a¶Content-Length: 5e0¶¶hello", Bad(BadLength)),
    (
        "length_list_of_the_same",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 5, 5¶¶hello",
        Bad(BadLength),
    ),
    ("length_list_of_two", "POST / HTTP/1.1¶Host: a¶Content-Length: 5,6¶¶hello", Bad(BadLength)),
    ("length_comma_behind", "POST / HTTP/1.1¶Host: a¶Content-Length: 5,¶¶hello", Bad(BadLength)),
    (
        "length_space_within",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 1 0¶¶0123456789",
        Bad(BadLength),
    ),
    ("length_quoted", "POST / HTTP/1.1¶Host: a¶Content-Length: \"5\"¶¶hello", Bad(BadLength)),
    ("length_parameter", "POST / HTTP/1.1¶Host: a¶Content-Length: 5;x¶¶hello", Bad(BadLength)),
    ("length_arabic", "POST / HTTP/1.1¶Host: a¶Content-Length: \u{665}¶¶hello", Bad(BadLength)),
    ("length_superscript", "POST / HTTP/1.1¶Host: a¶Content-Length: \u{b2}¶¶ab", Bad(BadLength)),
    (
        "length_of_20_digits",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 00000000000000000005¶¶hello",
        Bad(BadLength),
    ),
    (
        "length_past_64_bits",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 18446744073709551621¶¶hello",
        Bad(BadLength),
    ),
    (
        "length_twice_the_same",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 5¶Content-Length: 5¶¶hello",
        Bad(BadLength),
    ),
    (
        "length_twice",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 5¶content-length: 0¶¶hello",
        Bad(BadLength),
    ),
    (
        "length_twice_apart",
        "POST / HTTP/1.1¶Content-Length: 0¶Host: a¶CONTENT-LENGTH: 0¶¶",
        Bad(BadLength),
    ),
    ("length_bad_1_0", "GET / HTTP/1.0¶Content-Length: x¶¶", Bad(BadLength)),
    // Codings.
    ("coding", "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶¶", One("POST", "/x", "")),
    (
        "coding_of_get",
        "GET /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1¶a¶0¶¶",
        One("GET", "/x", "a"),
    ),
    (
        "coding_in_any_case",
        "POST /x HTTP/1.1¶Host: a¶transfer-encoding:cHuNkEd¶¶0¶¶",
        One("POST", "/x", ""),
    ),
    (
        "coding_with_space_around",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: \tchunked \t¶¶0¶¶",
        One("POST", "/x", ""),
    ),
    ("coding_unknown", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: cow¶¶0¶¶", Bad(BadCoding)),
    ("coding_identity", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: identity¶¶0¶¶", Bad(BadCoding)),
    ("coding_gzip", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: gzip¶¶0¶¶", Bad(BadCoding)),
    (
        "coding_gzip_chunked",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: gzip, chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_chunked_gzip",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked, gzip¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_chunked_twice",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked, chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_two_lines",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_two_lines_one_unknown",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: cow¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_two_lines_one_empty",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding:¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    ("coding_empty", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding:¶¶0¶¶", Bad(BadCoding)),
    (
        "coding_comma_in_front",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: ,chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_comma_behind",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked,¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_quoted",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: \"chunked\"¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_parameter",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked;a=b¶¶0¶¶",
        Bad(BadCoding),
    ),
    ("coding_prefix", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunk¶¶0¶¶", Bad(BadCoding)),
    ("coding_suffix", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunkedx¶¶0¶¶", Bad(BadCoding)),
    ("coding_x", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: xchunked¶¶0¶¶", Bad(BadCoding)),
    (
        "coding_space_within",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chun ked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_no_break_space",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: \u{a0}chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_next_line",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked\u{85}¶¶0¶¶",
        Bad(BadCoding),
    ),
    (
        "coding_kelvin",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chun\u{212a}ed¶¶0¶¶",
        Bad(BadCoding),
    ),
    ("coding_vt", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: \u{b}chunked¶¶0¶¶", Bad(Malformed)),
    ("coding_nul", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked\0¶¶0¶¶", Bad(Malformed)),
    ("coding_1_0", "POST / HTTP/1.0¶Transfer-Encoding: chunked¶¶0¶¶", Bad(BadCoding)),
    (
        "coding_1_0_kept",
        "GET / HTTP/1.0¶Connection: keep-alive¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(BadCoding),
    ),
    // Both.
    (
        "both_length_first",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 5¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(LengthAndCoding),
    ),
    (
        "both_coding_first",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶Content-Length: 5¶¶0¶¶",
        Bad(LengthAndCoding),
    ),
    (
        "both_and_zero",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 0¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(LengthAndCoding),
    ),
    (
        "both_and_identity",
        "POST / HTTP/1.1¶Host: a¶Content-Length: 5¶Transfer-Encoding: identity¶¶hello",
        Bad(LengthAndCoding),
    ),
    (
        "both_1_0",
        "POST / HTTP/1.0¶Content-Length: 5¶Transfer-Encoding: chunked¶¶0¶¶",
        Bad(LengthAndCoding),
    ),
    // Chunks.
    (
        "chunk",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hello¶0¶¶",
        One("POST", "/x", "hello"),
    ),
    (
        "chunks",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1¶a¶2¶bc¶3¶def¶0¶¶",
        One("POST", "/x", "abcdef"),
    ),
    (
        "chunk_size_hexadecimal",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶a¶0123456789¶0¶¶",
        One("POST", "/x", "0123456789"),
    ),
    (
        "chunk_size_in_capitals",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶B¶0123456789a¶0¶¶",
        One("POST", "/x", "0123456789a"),
    ),
    (
        "chunk_size_with_zeros_in_front",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0005¶hello¶000¶¶",
        One("POST", "/x", "hello"),
    ),
    (
        "chunk_size_of_15_digits",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶000000000000005¶hello¶0¶¶",
        One("POST", "/x", "hello"),
    ),
    (
        "chunk_size_of_16_digits",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0000000000000005¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_past_64_bits",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶10000000000000005¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_empty",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_plus",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶+5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_minus",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶-5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_prefix",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0x5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_underscore",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0_5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_no_hexadecimal",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5g¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_space_in_front",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶ 5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_space_behind",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5 ¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_tab_behind",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5\t¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_two_numbers",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5 5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_comma",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5,5¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_nul",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5\0¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_arabic",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶\u{665}¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_lf",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5\nhello¶0¶¶",
        Bad(BareLf),
    ),
    (
        "chunk_size_cr",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5\rhello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_size_cr_cr_lf",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5\r\r\nhello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_line_in_front",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶\n5¶hello¶0¶¶",
        Bad(BareLf),
    ),
    (
        "chunk_data_too_long",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶4¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_too_short",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶6¶hello¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_without_end",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hello0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_two_bytes_for_an_end",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶helloXX0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_lf",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hello\n0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_cr",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hello\r0¶¶",
        Bad(BadChunk),
    ),
    (
        "chunk_data_of_line_ends",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶7¶¶0¶¶¶0¶¶",
        One("POST", "/x", "¶0¶¶"),
    ),
    (
        "chunk_data_like_a_request",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1e¶GET / HTTP/1.1¶Host: a¶¶end¶0¶¶",
        One("POST", "/x", "GET / HTTP/1.1¶Host: a¶¶end"),
    ),
    (
        "chunk_last_and_more",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶¶0¶¶",
        Then(&[("POST", "/x", "")], Malformed),
    ),
    (
        "chunk_last_two_bytes_for_an_end",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶XX",
        BodyCut(&[]),
    ),
    (
        "chunk_last_and_a_line",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶XX¶¶",
        Bad(Malformed),
    ),
    ("chunk_last_lf", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0\n¶", Bad(BareLf)),
    ("chunk_last_end_lf", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶\n", Bad(BareLf)),
    ("chunk_last_end_cr", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶\rx", Bad(BareLf)),
    ("chunk_size_cut", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5", BodyCut(&[])),
    ("chunk_data_cut", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hel", BodyCut(&[])),
    (
        "chunk_none_last",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶5¶hello¶",
        BodyCut(&[]),
    ),
    ("chunk_end_cut", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶", BodyCut(&[])),
    // Extensions.
    (
        "extension",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a¶b¶0;c¶¶",
        One("POST", "/x", "b"),
    ),
    (
        "extension_value",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=b;c=d¶e¶0¶¶",
        One("POST", "/x", "e"),
    ),
    (
        "extension_quoted",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=\"b;\\\"=\"¶c¶0¶¶",
        One("POST", "/x", "c"),
    ),
    (
        "extension_space",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1 ; a = b ;\tc¶d¶0¶¶",
        One("POST", "/x", "d"),
    ),
    (
        "extension_like_a_chunk",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;0=5¶a¶0¶¶",
        One("POST", "/x", "a"),
    ),
    (
        "extension_empty",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;¶a¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_two_semicolons",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;;a¶b¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_without_size",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶;a¶b¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_empty_value",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=¶b¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_two_values",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=b=c¶d¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_two_words",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a b¶c¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_quote_open",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=\"b¶c¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_quote_and_more",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=\"b\"c¶d¶0¶¶",
        Bad(BadChunk),
    ),
    ("extension_lf", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a\nb¶0¶¶", Bad(BareLf)),
    (
        "extension_lf_in_quotes",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=\"\n\"¶b¶0¶¶",
        Bad(BareLf),
    ),
    (
        "extension_cr",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a\rb¶c¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_nul",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a\0¶c¶0¶¶",
        Bad(BadChunk),
    ),
    (
        "extension_space_at_its_end",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1;a=b ¶c¶0¶¶",
        Bad(BadChunk),
    ),
    // Trailers.
    (
        "trailer",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶1¶a¶0¶X: y¶¶",
        One("POST", "/x", "a"),
    ),
    (
        "trailers",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y¶x:¶¶",
        One("POST", "/x", ""),
    ),
    (
        "trailer_and_next",
        "POST /x HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y¶¶GET / HTTP/1.1¶Host: a¶¶",
        Many(&[("POST", "/x", ""), ("GET", "/", "")]),
    ),
    (
        "trailer_length",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶Content-Length: 5¶¶",
        Bad(BadTrailer),
    ),
    (
        "trailer_coding",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶transfer-encoding: chunked¶¶",
        Bad(BadTrailer),
    ),
    (
        "trailer_host",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶HOST: b¶¶",
        Bad(BadTrailer),
    ),
    (
        "trailer_authorization",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y¶Authorization: b¶¶",
        Bad(BadTrailer),
    ),
    (
        "trailer_fold",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y¶ z¶¶",
        Bad(Malformed),
    ),
    (
        "trailer_space_before_colon",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X : y¶¶",
        Bad(Malformed),
    ),
    (
        "trailer_no_colon",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X¶¶",
        Bad(Malformed),
    ),
    (
        "trailer_no_name",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶: y¶¶",
        Bad(Malformed),
    ),
    (
        "trailer_nul",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: \0¶¶",
        Bad(Malformed),
    ),
    ("trailer_lf", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y\n¶", Bad(BareLf)),
    ("trailer_cr", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: \ry¶¶", Bad(BareLf)),
    ("trailer_cut", "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶X: y¶", BodyCut(&[])),
    (
        "trailer_like_a_request",
        "POST / HTTP/1.1¶Host: a¶Transfer-Encoding: chunked¶¶0¶GET / HTTP/1.1¶Host: a¶¶",
        Bad(BadTrailer),
    ),
];
