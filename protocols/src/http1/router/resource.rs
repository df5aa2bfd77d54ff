//! What is served under one pattern.

use super::pattern::Why;
use super::word::{Text, Word};

/// What is served under one pattern: a value for each method.
#[derive(Debug)]
pub(super) struct Resource<T> {
    shape: Shape,
    /// The methods that are named, and HEAD where GET is: which value each has.
    methods: Vec<(Text, usize)>,
    /// The value of GET, once more: most requests are one.
    get: Option<usize>,
    /// The value of all others.
    any: Option<usize>,
    values: Vec<T>,
    allow: Box<str>,
}

/// A pattern, and the names of its parameters in their order.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) pattern: Box<str>,
    pub(super) names: Box<[Box<str>]>,
}

impl<T> Resource<T> {
    pub(super) fn new(shape: Shape) -> Self {
        Resource { shape, methods: vec![], get: None, any: None, values: vec![], allow: "".into() }
    }

    /// Adds the value of a method, or of all that have none.
    pub(super) fn add(&mut self, method: Option<Box<str>>, value: T) -> Result<(), Why> {
        let number = self.values.len();
        match method {
            Some(method) if self.number(&method).is_none() => {
                self.methods.push((Text::new(method), number));
            }
            None if self.any.is_none() => self.any = Some(number),
            _ => return Err(Why::Twice),
        }
        self.values.push(value);
        Ok(())
    }

    /// No method is added any more: HEAD is as GET if it is not named.
    pub(super) fn finish(&mut self) {
        let get = self.methods().position(|method| method == "GET");
        if let Some(at) = get
            && self.number("HEAD").is_none()
        {
            self.methods.insert(at + 1, (Text::new("HEAD".into()), self.methods[at].1));
        }
        self.get = self.number("GET").or(self.any);
        self.allow = allow(self.methods());
    }

    /// The value of that method.
    #[inline]
    pub(super) fn value(&self, method: &str) -> Option<&T> {
        let number = if method == "GET" { self.get } else { self.number(method).or(self.any) };
        self.values.get(number?)
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The methods that are named.
    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.iter().map(|(method, _)| method.as_str())
    }

    /// The methods that are served, as a header says it.
    pub(super) fn allow(&self) -> &str {
        &self.allow
    }

    #[inline]
    fn number(&self, method: &str) -> Option<usize> {
        let word = Word::of(method.as_bytes());
        let named = self.methods.iter().find(|(name, _)| name.is(word, method.as_bytes()));
        named.map(|(_, number)| *number)
    }
}

/// Those methods as a list, each once, with OPTIONS, which the router answers itself.
pub(super) fn allow<'a>(methods: impl Iterator<Item = &'a str>) -> Box<str> {
    let mut list = Vec::new();
    for method in methods.chain(["OPTIONS"]) {
        if !list.contains(&method) {
            list.push(method);
        }
    }
    list.join(", ").into()
}
