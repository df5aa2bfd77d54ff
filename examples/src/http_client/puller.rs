//! The caller: makes the request for a URL, and passes its response on.

use readily::http1::client::{Asked, Begin, Caller, Failure, Response, ResponseBody, Wanted};
use readily::http1::wire::Trailers;
use readily::http1::{Field, Flow, RequestLine, ResponseHead};
use readily::{Desk, Id};

use super::{Conn, Fetcher, Mail};

/// What one connection fetches, when it is its turn.
#[derive(Debug, Default)]
pub struct Puller {
    id: Option<Id>,
    /// What the status says against it.
    complaint: Option<String>,
}

impl Caller<Conn> for Puller {
    fn next(&mut self, begin: Begin<'_>, desk: &mut Desk<'_, Fetcher>) -> Asked {
        const AGENT: Field<'_> = Field::from_static("user-agent", "readily-http-client");
        let id = begin.id();
        self.id = Some(id);
        let app = &*desk.app;
        let Some(url) = app.job(id) else { return begin.idle() };
        let method = match (&app.data, app.asked.heads_only) {
            (Some(_), _) => "POST",
            (None, true) => "HEAD",
            (None, false) => "GET",
        };
        // It was checked when it was read.
        let Ok(line) = RequestLine::new(method, &url.target, &url.host) else {
            return begin.finish();
        };
        let mut draft = begin.request(line);
        let headers = &app.asked.headers;
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(AGENT.name())) {
            draft = draft.header(AGENT);
        }
        let fields = headers.iter().map(|(name, value)| Field::new(name, value.as_bytes()));
        for field in fields.flatten() {
            draft = draft.header(field);
        }
        match &app.data {
            Some((file, length)) => draft.file(file.clone(), 0..*length),
            None => draft.empty(),
        }
    }

    fn head(&mut self, head: &ResponseHead<'_>, desk: &mut Desk<'_, Fetcher>) -> Wanted {
        let status = head.status();
        self.complaint = match (status, head.header("location")) {
            (300..400, Some(to)) => {
                Some(format!("{status}: redirects are not followed: {}", to.escape_ascii()))
            }
            (300.., _) => Some(format!("{status} {}", head.reason().escape_ascii())),
            _ => None,
        };
        let app = &mut *desk.app;
        app.answered = true;
        let url = self.id.and_then(|id| app.job(id)).map(|url| url.text.clone());
        let length = head
            .header("content-length")
            .and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        if app.asked.heads_only {
            return match app.sink.write(text(head).as_bytes()) {
                Ok(()) => Wanted::Discard,
                Err(error) => self.complain(error),
            };
        }
        app.sink.begin(&url.unwrap_or_default(), length);
        app.asked.limit.map_or(Wanted::Stream, Wanted::StreamUpTo)
    }

    fn response(&mut self, _: &Response<'_>, _: &mut Desk<'_, Fetcher>) {}

    fn data(&mut self, body: &mut ResponseBody<'_>, desk: &mut Desk<'_, Fetcher>) -> Flow {
        let bytes = body.bytes();
        let (length, written) = (bytes.len(), desk.app.sink.write(bytes));
        body.consume(length);
        match written {
            Ok(()) => Flow::Wait,
            Err(error) => {
                self.complain(error);
                Flow::Done
            }
        }
    }

    fn ended(&mut self, _: &Trailers<'_>, desk: &mut Desk<'_, Fetcher>) {
        desk.app.done(self.complaint.take(), desk.fx);
    }

    fn failed(&mut self, failure: Failure, desk: &mut Desk<'_, Fetcher>) {
        self.complaint = None;
        if let Some(id) = self.id {
            desk.app.failed(failure, id, desk.fx);
        }
    }

    fn closed(&mut self, desk: &mut Desk<'_, Fetcher>) {
        let Some(id) = self.id else { return };
        desk.app.forget(id);
        match self.complaint.take() {
            // The output could not be written.
            Some(why) if desk.app.job(id).is_some() => desk.app.done(Some(why), desk.fx),
            // It has ended just as it was to be used.
            _ if desk.app.job(id).is_some() => desk.app.again(desk.fx),
            _ => {}
        }
    }

    fn mail(&mut self, mail: Mail, _: &mut Desk<'_, Fetcher>) -> Result<(), Mail> {
        Err(mail)
    }
}

impl Puller {
    fn complain(&mut self, error: std::io::Error) -> Wanted {
        self.complaint = Some(format!("the output: {error}"));
        Wanted::Close
    }
}

/// A head as it came, but for what a terminal would obey.
fn text(head: &ResponseHead<'_>) -> String {
    let mut text = format!("{} {} ", head.version(), head.status());
    text += &head.reason().escape_ascii().to_string();
    for (name, value) in head.headers() {
        text += &format!("\n{name}: {}", value.escape_ascii());
    }
    text + "\n\n"
}
