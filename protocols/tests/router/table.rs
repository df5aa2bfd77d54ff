//! Which route wins, as a table.

use readily_protocols::http1::Status;
use readily_protocols::http1::router::{Miss, Router, Routes};

/// What a method and a path come to: the pattern and its parameters, or the status of a miss with
/// what is allowed.
fn outcome(router: &Router<&str>, method: &str, path: &str) -> String {
    match router.at(method, path) {
        Ok(found) => {
            let params = found.params.iter().map(|(name, text)| format!(" {name}={text}"));
            format!("{}{}", found.route, params.collect::<String>())
        }
        Err(Miss::NotAllowed { allow } | Miss::Options { allow }) => {
            let status = router.at(method, path).err().map_or(0, |miss| miss.status().code());
            format!("{status} {}", allow.as_bytes().escape_ascii())
        }
        Err(miss) => miss.status().code().to_string(),
    }
}

fn assert_outcomes(router: &Router<&str>, rows: &[(&str, &str, &str)]) {
    for (method, path, expected) in rows {
        assert_eq!(outcome(router, method, path), *expected, "{method} {path}");
    }
}

#[test]
fn the_more_special_pattern_wins_segment_by_segment() {
    let routes = Routes::new()
        .get("/{*rest}", "rest")
        .get("/{one}", "one")
        .get("/a", "a")
        .get("/{one}/{two}", "two")
        .get("/a/{*rest}", "a-rest")
        .get("/{one}/b", "one-b")
        .get("/a/b/c", "abc")
        .get("/a/{two}/d", "a-two-d")
        .get("/a/b/{three}/e", "ab-three-e")
        .get("/x/{id}", "x-id")
        .get("/x/{*path}", "x-path")
        .get("/x/me", "x-me");
    assert_outcomes(
        &routes.build().unwrap(),
        &[
            ("GET", "/a", "a"),
            ("GET", "/b", "one one=b"),
            ("GET", "/aa", "one one=aa"),
            ("GET", "/", "404"),
            ("GET", "/a/b", "a-rest rest=b"),
            ("GET", "/b/b", "one-b one=b"),
            ("GET", "/b/c", "two one=b two=c"),
            ("GET", "/a/b/c", "abc"),
            ("GET", "/a/b/d", "a-two-d two=b"),
            ("GET", "/a/c/d", "a-two-d two=c"),
            ("GET", "/a/b/z", "a-rest rest=b/z"),
            ("GET", "/a/b/z/e", "ab-three-e three=z"),
            ("GET", "/a/b/z/f", "a-rest rest=b/z/f"),
            ("GET", "/b/c/d", "rest rest=b/c/d"),
            ("GET", "/x/me", "x-me"),
            ("GET", "/x/you", "x-id id=you"),
            ("GET", "/x/me/too", "x-path path=me/too"),
        ],
    );
}

#[test]
fn slashes_and_empty_segments() {
    let routes = Routes::new()
        .get("/", "root")
        .get("/a", "a")
        .get("/b/", "b-slash")
        .get("/c/{id}", "c-id")
        .get("/d/{id}/", "d-id-slash")
        .get("/e/{*rest}", "e-rest")
        .get("/f/{id}/g", "f-id-g");
    assert_outcomes(
        &routes.build().unwrap(),
        &[
            ("GET", "/", "root"),
            ("GET", "//", "404"),
            ("GET", "", "404"),
            ("GET", "a", "404"),
            ("GET", "*", "404"),
            ("GET", "/a", "a"),
            ("GET", "/a/", "404"),
            ("GET", "//a", "404"),
            ("GET", "/b", "404"),
            ("GET", "/b/", "b-slash"),
            ("GET", "/b//", "404"),
            ("GET", "/c", "404"),
            ("GET", "/c/", "404"),
            ("GET", "/c/1", "c-id id=1"),
            ("GET", "/c/1/", "404"),
            ("GET", "/c//1", "404"),
            ("GET", "/d/1", "404"),
            ("GET", "/d/1/", "d-id-slash id=1"),
            ("GET", "/d//", "404"),
            ("GET", "/e", "404"),
            ("GET", "/e/", "404"),
            ("GET", "/e//", "e-rest rest=/"),
            ("GET", "/e/a/", "e-rest rest=a/"),
            ("GET", "/e//a//b", "e-rest rest=/a//b"),
            ("GET", "/f//g", "404"),
            ("GET", "/f/1/g", "f-id-g id=1"),
        ],
    );
}

#[test]
fn a_path_is_matched_as_it_came() {
    let routes = Routes::new()
        .get("/admin", "admin")
        .get("/a%20b", "space")
        .get("/users/{id}", "user")
        .get("/users/{id}/posts", "posts")
        .get("/files/{*path}", "file");
    assert_outcomes(
        &routes.build().unwrap(),
        &[
            ("GET", "/Admin", "404"),
            ("GET", "/%61dmin", "404"),
            ("GET", "/./admin", "404"),
            ("GET", "/x/../admin", "404"),
            ("GET", "/admin;v=1", "404"),
            ("GET", "/a%20b", "space"),
            ("GET", "/users/1%2Fposts", "user id=1%2Fposts"),
            ("GET", "/users/1%2fposts", "user id=1%2fposts"),
            ("GET", "/users/%2e%2e", "user id=%2e%2e"),
            ("GET", "/users/..", "user id=.."),
            ("GET", "/users/{id}", "user id={id}"),
            ("GET", "/users/a/posts", "posts id=a"),
            ("GET", "/files/../etc", "file path=../etc"),
            ("GET", "/files/a%2Fb/c", "file path=a%2Fb/c"),
            ("GET", "/users/\u{e9}/posts", "posts id=\u{e9}"),
        ],
    );
}

#[test]
fn the_path_decides_before_the_method() {
    let routes = Routes::new()
        .get("/a", "get-a")
        .post("/a", "post-a")
        .on("PROPFIND", "/a", "find-a")
        .post("/b", "post-b")
        .get("/{id}", "get-id")
        .delete("/{id}", "delete-id")
        .get("/h", "get-h")
        .head("/h", "head-h")
        .options("/o", "options-o")
        .any("/any", "any")
        .any("/mixed", "mixed")
        .get("/mixed", "get-mixed")
        .put("/p", "put")
        .patch("/p", "patch");
    assert_outcomes(
        &routes.build().unwrap(),
        &[
            ("GET", "/a", "get-a"),
            ("HEAD", "/a", "get-a"),
            ("POST", "/a", "post-a"),
            ("PROPFIND", "/a", "find-a"),
            ("DELETE", "/a", "405 GET, HEAD, POST, PROPFIND, OPTIONS"),
            ("get", "/a", "405 GET, HEAD, POST, PROPFIND, OPTIONS"),
            ("", "/a", "405 GET, HEAD, POST, PROPFIND, OPTIONS"),
            ("OPTIONS", "/a", "204 GET, HEAD, POST, PROPFIND, OPTIONS"),
            ("GET", "/b", "405 POST, OPTIONS"),
            ("HEAD", "/b", "405 POST, OPTIONS"),
            ("DELETE", "/b", "405 POST, OPTIONS"),
            ("DELETE", "/c", "delete-id id=c"),
            ("HEAD", "/c", "get-id id=c"),
            ("HEAD", "/h", "head-h"),
            ("PUT", "/h", "405 GET, HEAD, OPTIONS"),
            ("OPTIONS", "/o", "options-o"),
            ("GET", "/o", "405 OPTIONS"),
            ("BREW", "/any", "any"),
            ("OPTIONS", "/any", "any"),
            ("HEAD", "/any", "any"),
            ("POST", "/mixed", "mixed"),
            ("HEAD", "/mixed", "get-mixed"),
            ("OPTIONS", "/mixed", "mixed"),
            ("PATCH", "/p", "patch"),
            ("OPTIONS", "/x/y", "404"),
            ("OPTIONS", "*", "204 GET, HEAD, POST, PROPFIND, DELETE, OPTIONS, PUT, PATCH"),
        ],
    );
}

#[test]
fn no_routes_match_nothing() {
    let router: Router<&str> = Routes::new().build().unwrap();
    for path in ["", "/", "/a", "*", "/{*a}"] {
        assert_eq!(router.at("GET", path).unwrap_err().status(), Status::NOT_FOUND, "{path:?}");
    }
    assert_eq!(outcome(&router, "OPTIONS", "*"), "204 OPTIONS");
}

#[test]
fn routes_under_a_prefix() {
    let users = Routes::new().get("/", "users").get("/{id}", "user");
    let posts = Routes::new().get("/posts/{post}", "post");
    let all = Routes::new().under("/api/users", users.under("/{user}", posts)).get("/", "home");
    assert_outcomes(
        &all.build().unwrap(),
        &[
            ("GET", "/", "home"),
            ("GET", "/api/users", "404"),
            ("GET", "/api/users/", "users"),
            ("GET", "/api/users/7", "user id=7"),
            ("GET", "/api/users/7/posts/9", "post user=7 post=9"),
        ],
    );
}

#[test]
fn a_route_tells_its_pattern() {
    let router = Routes::new().get("/users/{id}", ()).get("/", ()).build().unwrap();
    let pattern = |path| router.at("GET", path).map(|found| found.params.pattern());
    assert_eq!(pattern("/users/7"), Ok("/users/{id}"));
    assert_eq!(pattern("/"), Ok("/"));
    assert_eq!(
        format!("{router:?}"),
        r#"{"/users/{id}": "GET, HEAD, OPTIONS", "/": "GET, HEAD, OPTIONS"}"#
    );
}

#[test]
fn one_router_serves_all_loops() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Router<fn(&str)>>();
}
