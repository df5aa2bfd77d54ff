//! Routes that are refused when the router is made, each with its line.

use readily_protocols::http1::router::{PARAMS_MOST, Routes};

#[test]
fn bad_patterns() {
    for (pattern, line) in [
        ("", "GET : a pattern begins with `/`"),
        ("a", "GET a: a pattern begins with `/`"),
        ("{id}", "GET {id}: a pattern begins with `/`"),
        ("//", "GET //: an empty segment, which only the end may be"),
        ("/a//b", "GET /a//b: an empty segment, which only the end may be"),
        ("/a b", "GET /a b: ' ' is in no path as it comes: write it as an escape (%20)"),
        ("/a?b", "GET /a?b: '?' is in no path as it comes: write it as an escape (%20)"),
        ("/a#b", "GET /a#b: '#' is in no path as it comes: write it as an escape (%20)"),
        ("/\n", "GET /\\n: '\\n' is in no path as it comes: write it as an escape (%20)"),
        ("/\u{e9}", "GET /\u{e9}: '\u{e9}' is in no path as it comes: write it as an escape (%20)"),
        ("/a{id}", "GET /a{id}: a parameter is a whole segment: `{name}` or `{*name}`"),
        ("/{id}.png", "GET /{id}.png: a parameter is a whole segment: `{name}` or `{*name}`"),
        ("/{a/b}", "GET /{a/b}: a parameter is a whole segment: `{name}` or `{*name}`"),
        ("/{", "GET /{: a parameter is a whole segment: `{name}` or `{*name}`"),
        ("/}", "GET /}: a parameter is a whole segment: `{name}` or `{*name}`"),
        ("/{}", "GET /{}: a name has letters, digits and `_`, and at least one"),
        ("/{*}", "GET /{*}: a name has letters, digits and `_`, and at least one"),
        ("/{**a}", "GET /{**a}: a name has letters, digits and `_`, and at least one"),
        ("/{a}{b}", "GET /{a}{b}: a name has letters, digits and `_`, and at least one"),
        ("/{{a}}", "GET /{{a}}: a name has letters, digits and `_`, and at least one"),
        ("/{a-b}", "GET /{a-b}: a name has letters, digits and `_`, and at least one"),
        ("/{a}/{b}/{a}", "GET /{a}/{b}/{a}: two parameters have the name `a`"),
        ("/{a}/{*a}", "GET /{a}/{*a}: two parameters have the name `a`"),
        ("/{*a}/b", "GET /{*a}/b: `{*name}` is the last segment, since it takes all"),
        ("/{*a}/", "GET /{*a}/: `{*name}` is the last segment, since it takes all"),
    ] {
        let built = Routes::new().get(pattern, ()).build();
        assert_eq!(built.map_err(|bad| bad.to_string()).err().as_deref(), Some(line));
    }
}

#[test]
fn routes_that_do_not_go_together() {
    let line = |routes: Routes<()>| routes.build().map_err(|bad| bad.to_string()).err();
    let cases = [
        (Routes::new().get("/a", ()).get("/a", ()), "GET /a: this route is there twice"),
        (Routes::new().any("/a", ()).any("/a", ()), "any /a: this route is there twice"),
        (
            Routes::new().get("/{a}", ()).post("/{b}", ()),
            "POST /{b}: the same paths as /{a}, whose parameters have other names",
        ),
        (
            Routes::new().get("/x/{a}/y/{*b}", ()).get("/x/{a}/y/{*c}", ()),
            "GET /x/{a}/y/{*c}: the same paths as /x/{a}/y/{*b}, whose parameters have other names",
        ),
        (Routes::new().on("", "/a", ()), " /a: the method is no token"),
        (Routes::new().on("A\n", "/a", ()), "A\\n /a: the method is no token"),
        (
            Routes::new().on("post", "/a", ()),
            "post /a: methods are case-sensitive: write it in capitals",
        ),
        (
            Routes::new().under("/api/", Routes::new().get("/a", ())),
            "GET /api//a: an empty segment, which only the end may be",
        ),
        (
            Routes::new().under("api", Routes::new().get("/a", ())),
            "GET api/a: a pattern begins with `/`",
        ),
        (
            Routes::new().get("/a", ()).under("/{id}", Routes::new().get("/{id}", ())),
            "GET /{id}/{id}: two parameters have the name `id`",
        ),
    ];
    for (routes, expected) in cases {
        assert_eq!(line(routes).as_deref(), Some(expected));
    }
}

#[test]
fn routes_that_do_go_together() {
    let routes = Routes::new()
        .get("/a", ())
        .head("/a", ())
        .any("/a", ())
        .get("/a/", ())
        .get("/{id}", ())
        .get("/{name}/b", ())
        .get("/{*rest}", ())
        .get("/{x}/{*rest}", ());
    assert!(routes.build().is_ok());
}

#[test]
fn as_many_parameters_as_may_be() {
    let pattern = |n| (0..n).map(|at| format!("/{{p{at}}}")).collect::<String>();
    let path = "/v".repeat(PARAMS_MOST);
    let most = Routes::new().get(&pattern(PARAMS_MOST), ()).build().unwrap();
    assert_eq!(most.at("GET", &path).map(|found| found.params.iter().count()), Ok(PARAMS_MOST));
    let bad = Routes::new().get(&pattern(PARAMS_MOST + 1), ()).build().unwrap_err();
    assert!(bad.to_string().ends_with(": more than 8 parameters"), "{bad}");
}
