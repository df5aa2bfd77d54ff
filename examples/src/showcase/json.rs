//! JSON text, written from front to back.

use std::fmt::Write;

/// One value, or the beginning of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Json(String);

impl Json {
    /// An object of these fields.
    pub(super) fn object(fields: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        json.fields(fields);
        json.0
    }

    /// The name of a field; its value comes next.
    pub(super) fn field(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.0.push(':');
        self
    }

    pub(super) fn fields(&mut self, fields: impl FnOnce(&mut Json)) {
        self.between('{', '}', fields);
    }

    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Json, T),
    ) {
        self.between('[', ']', |json| items.into_iter().for_each(|value| item(json, value)));
    }

    pub(super) fn numbers(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.list(numbers, |json, number| json.number(number));
    }

    pub(super) fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.list(texts, |json, text| json.text(text));
    }

    /// A list of the two.
    pub(super) fn pair(&mut self, text: &str, number: u64) {
        self.between('[', ']', |json| {
            json.text(text);
            json.number(number);
        });
    }

    pub(super) fn number(&mut self, number: u64) {
        self.comma();
        // Writing to a string does not fail.
        let _ = write!(self.0, "{number}");
    }

    /// A number, or null where there is none.
    pub(super) fn maybe(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => {
                self.comma();
                self.0.push_str("null");
            }
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.comma();
        self.0.push('"');
        for char in text.chars() {
            match char {
                '"' | '\\' => self.0.extend(['\\', char]),
                '\n' => self.0.push_str("\\n"),
                control if control < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(control));
                }
                other => self.0.push(other),
            }
        }
        self.0.push('"');
    }

    fn between(&mut self, open: char, close: char, inside: impl FnOnce(&mut Json)) {
        self.comma();
        self.0.push(open);
        inside(self);
        self.0.push(close);
    }

    /// What follows another value needs a comma; what is first, or follows its name, none.
    fn comma(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_wherever_they_stand() {
        let text = Json::object(|json| {
            json.field("a").number(u64::MAX);
            json.field("b").numbers([]);
            json.field("c").list([1, 2], |json, n| json.numbers([n, n]));
            json.field("d").fields(|json| json.field("e").texts(["", ":"]));
            json.field("f").list([None, Some(3)], Json::maybe);
        });
        let expected = r#"{"a":18446744073709551615,"b":[],"c":[[1,1],[2,2]],"d":{"e":["",":"]},"#;
        assert_eq!(text, format!(r#"{expected}"f":[null,3]}}"#));
    }

    #[test]
    fn texts_are_escaped() {
        for (text, escaped) in [
            ("", r#""""#),
            ("a \"b\" \\c", r#""a \"b\" \\c""#),
            ("a\nb\r\tc\0", r#""a\nb\u000d\u0009c\u0000""#),
            ("ü€😀/</script>", r#""ü€😀/</script>""#),
        ] {
            let mut json = Json::default();
            json.text(text);
            assert_eq!(json.0, escaped);
        }
    }
}
