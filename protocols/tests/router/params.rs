//! Parameters as texts and as values of their types.

use std::borrow::Cow;

use readily_protocols::http1::router::{
    BadParam, BadParamKind, FromParam, FromParams, Params, Routes,
};

/// What `look` makes of the parameters of `path` under `pattern`.
fn with<T>(pattern: &str, path: &str, look: impl FnOnce(&Params<'_>) -> T) -> T {
    let router = Routes::new().get(pattern, ()).build().unwrap();
    let found = router.at("GET", path).unwrap();
    look(&found.params)
}

/// The kind and the line of what is wrong.
fn wrong<T>(result: Result<T, BadParam<'_>>) -> Option<(BadParamKind, String)> {
    result.err().map(|bad| (bad.kind(), bad.to_string()))
}

#[test]
fn a_parameter_by_its_name() {
    with("/{a}/{b}", "/x%2Fy/%c3%a9", |params| {
        assert_eq!(params.raw("a"), Some("x%2Fy"));
        assert_eq!(params.raw("A"), None);
        assert_eq!(params.text("a").as_deref(), Ok("x/y"));
        assert_eq!(params.text("b").as_deref(), Ok("\u{e9}"));
        assert_eq!((params.len(), params.is_empty()), (2, false));
        assert_eq!(format!("{params:?}"), r#"{"a": "x%2Fy", "b": "%c3%a9"}"#);
        let missing = Some((BadParamKind::Missing, "no such parameter: c".to_owned()));
        assert_eq!(wrong(params.text("c")), missing);
        assert_eq!(wrong(params.parse::<u8>("c")), missing);
    });
    with("/", "/", |params| {
        assert_eq!((params.raw(""), params.len(), params.is_empty()), (None, 0, true));
    });
}

#[test]
fn a_text_without_escapes_is_not_copied() {
    with("/{a}/{b}", "/plain/es%63aped", |params| {
        assert!(matches!(params.text("a"), Ok(Cow::Borrowed("plain"))));
        assert!(matches!(params.text("b"), Ok(Cow::Owned(text)) if text == "escaped"));
    });
}

#[test]
fn numbers() {
    for (text, number) in [
        ("0", Some(0)),
        ("255", Some(255)),
        ("%32%35", Some(25)),
        ("007", Some(7)),
        ("256", None),
        ("-1", None),
        ("1.0", None),
        ("1%20", None),
        ("0x1", None),
        ("%2", None),
        ("%ff", None),
    ] {
        let path = format!("/{text}");
        let by_name = with("/{n}", &path, |params| params.parse::<u8>("n").ok());
        let by_place = with("/{n}", &path, |params| params.take::<(u8,)>().ok());
        assert_eq!((by_name, by_place), (number, number.map(|number| (number,))), "{text}");
    }
}

#[test]
fn all_parameters_at_once() {
    with("/{id}/{name}/{*rest}", "/7/a%20b/c/d%2fe", |params| {
        assert_eq!(params.take::<(u64,)>(), Ok((7,)));
        assert_eq!(params.take::<(u64, &str)>(), Ok((7, "a%20b")));
        let all = params.take::<(i8, String, Cow<'_, str>)>();
        assert_eq!(all, Ok((7, "a b".to_owned(), "c/d/e".into())));
        assert_eq!(
            wrong(params.take::<(u64, u64)>()),
            Some((BadParamKind::NotValid, "a bad parameter: name".to_owned()))
        );
        assert_eq!(
            wrong(params.take::<(u64, &str, &str, &str)>()).map(|(kind, _)| kind),
            Some(BadParamKind::Missing)
        );
    });
    with("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", "/1/true/x/::1/1.5/-2/1.2.3.4/h", |params| {
        type Eight = (u8, bool, char, std::net::IpAddr, f32, i64, std::net::Ipv4Addr, String);
        let (a, b, c, d, e, f, g, h) = params.take::<Eight>().unwrap();
        assert_eq!((a, b, c, e, f, &*h), (1, true, 'x', 1.5, -2, "h"));
        assert!(d.is_loopback() && g.octets() == [1, 2, 3, 4]);
    });
    let no_text = with("/{a}", "/%ff", |params| wrong(params.take::<(String,)>()));
    assert_eq!(no_text, Some((BadParamKind::NotText, "a parameter that is no text: a".to_owned())));
}

#[test]
fn types_of_the_program() {
    #[derive(PartialEq, Debug)]
    struct Even(u32);

    impl<'a> FromParam<'a> for Even {
        fn from_param(raw: &'a str) -> Result<Self, BadParamKind> {
            let number = u32::from_param(raw)?;
            if number % 2 == 0 { Ok(Even(number)) } else { Err(BadParamKind::NotValid) }
        }
    }

    #[derive(PartialEq, Debug)]
    struct Page {
        of: Even,
        at: u32,
    }

    impl<'a> FromParams<'a> for Page {
        fn from_params(params: &Params<'a>) -> Result<Self, BadParam<'a>> {
            let (of, at) = params.take()?;
            Ok(Page { of, at })
        }
    }

    with("/{of}/{at}", "/4/5", |params| {
        assert_eq!(params.take(), Ok(Page { of: Even(4), at: 5 }));
    });
    with("/{of}/{at}", "/3/5", |params| {
        let bad = params.take::<Page>().unwrap_err();
        assert_eq!((bad.name(), bad.kind()), ("of", BadParamKind::NotValid));
    });
}
