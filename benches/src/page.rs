//! The page that every HTTP server here sends, that of Readily's own example; and its requests.

/// So that all of them send the same bytes, and the load generator knows them.
pub const PAGE: &str = include_str!("../../examples/src/pages/hello.html");

/// What a browser sends for a page on the same machine: nine headers.
pub const BROWSER: &str = "GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Cookie: theme=dark; session=0123456789abcdef\r\n\
    \r\n";

/// The first three of them.
pub const SHORT: &str = "GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    \r\n";
