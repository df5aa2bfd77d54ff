//! The machine as a picture: Mermaid and DOT text.

use std::fmt::Write;

use crate::model::{Machine, State};

/// A Mermaid `stateDiagram-v2`.
pub(crate) fn mermaid(machine: &Machine) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    for state in &machine.states {
        let (id, title) = (mermaid_id(state), state.title());
        let label = [title.clone()].into_iter().chain(state.deadlines()).collect::<Vec<_>>();
        if label.len() > 1 || id != title {
            line(&mut text, format_args!("state \"{}\" as {id}", label.join(", ")));
        }
    }
    for state in starts(machine) {
        line(&mut text, format_args!("[*] --> {}", mermaid_id(state)));
    }
    for state in &machine.states {
        let id = mermaid_id(state);
        for to in successors(machine, state) {
            line(&mut text, format_args!("{id} --> {}", mermaid_id(to)));
        }
        if state.becomes.is_empty() {
            line(&mut text, format_args!("{id} --> [*]"));
        }
    }
    text
}

/// A Graphviz `digraph`.
pub(crate) fn dot(machine: &Machine) -> String {
    let mut text = format!("digraph \"{}\" {{\n", machine.title());
    line(&mut text, format_args!("node [shape=box, style=rounded];"));
    line(&mut text, format_args!("\"[start]\" [shape=point, label=\"\"];"));
    line(&mut text, format_args!("\"[end]\" [shape=doublecircle, label=\"\", width=0.1];"));
    for state in &machine.states {
        let label: String = state.deadlines().map(|deadline| format!("\\n{deadline}")).collect();
        let title = state.title();
        line(&mut text, format_args!("\"{title}\" [label=\"{title}{label}\"];"));
    }
    for state in starts(machine) {
        line(&mut text, format_args!("\"[start]\" -> \"{}\";", state.title()));
    }
    for state in &machine.states {
        for to in successors(machine, state) {
            line(&mut text, format_args!("\"{}\" -> \"{}\";", state.title(), to.title()));
        }
        if state.becomes.is_empty() {
            line(&mut text, format_args!("\"{}\" -> \"[end]\";", state.title()));
        }
    }
    text.push_str("}\n");
    text
}

/// The first state, and each that no other becomes: a connection can only start there.
fn starts(machine: &Machine) -> impl Iterator<Item = &State> {
    let states = machine.states.iter().enumerate();
    let entered = move |index| {
        let mut others = machine.states.iter().enumerate().filter(move |(from, _)| *from != index);
        others.any(|(_, from)| from.becomes.iter().any(|to| to.index == index))
    };
    states.filter(move |(index, _)| *index == 0 || !entered(*index)).map(|(_, state)| state)
}

fn successors<'a>(machine: &'a Machine, state: &'a State) -> impl Iterator<Item = &'a State> {
    state.becomes.iter().map(|to| &machine.states[to.index])
}

/// Words that Mermaid takes, in any case, for its own where it expects a state.
const MERMAID_WORDS: [&str; 9] =
    ["class", "classdef", "click", "default", "href", "note", "scale", "state", "style"];

fn mermaid_id(state: &State) -> String {
    let title = state.title();
    match MERMAID_WORDS.contains(&title.to_lowercase().as_str()) {
        true => title + "_",
        false => title,
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "    {content}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::parse::Written;

    fn machine(code: &str) -> Machine {
        let input = syn::parse_str(code).expect("the case is Rust");
        check(Written::read(input)).expect("the case is a machine")
    }

    const CONN: &str = r#"enum Conn {
        #[becomes(Ready, Login)]
        #[deadline(within = "10s", idle = "60s")]
        Login(Login),
        #[becomes(Quit)]
        Ready(Ready<T>),
        #[deadline(idle = "250ms")]
        Quit(Quit),
        #[becomes(Ready)]
        Resumed(Resumed),
        #[becomes(Retry)]
        Retry(Retry),
    }"#;

    #[test]
    fn a_machine_in_mermaid() {
        let expected = r#"stateDiagram-v2
    state "Login, within 10s, idle 60s" as Login
    state "Quit, idle 250ms" as Quit
    [*] --> Login
    [*] --> Resumed
    [*] --> Retry
    Login --> Ready
    Login --> Login
    Ready --> Quit
    Quit --> [*]
    Resumed --> Ready
    Retry --> Retry
"#;
        assert_eq!(mermaid(&machine(CONN)), expected);
    }

    #[test]
    fn the_same_machine_in_dot() {
        let expected = r#"digraph "Conn" {
    node [shape=box, style=rounded];
    "[start]" [shape=point, label=""];
    "[end]" [shape=doublecircle, label="", width=0.1];
    "Login" [label="Login\nwithin 10s\nidle 60s"];
    "Ready" [label="Ready"];
    "Quit" [label="Quit\nidle 250ms"];
    "Resumed" [label="Resumed"];
    "Retry" [label="Retry"];
    "[start]" -> "Login";
    "[start]" -> "Resumed";
    "[start]" -> "Retry";
    "Login" -> "Ready";
    "Login" -> "Login";
    "Ready" -> "Quit";
    "Quit" -> "[end]";
    "Resumed" -> "Ready";
    "Retry" -> "Retry";
}
"#;
        assert_eq!(dot(&machine(CONN)), expected);
    }

    #[test]
    fn names_that_mermaid_has_a_meaning_for() {
        let code = "enum Conn { #[becomes(Default, State)] Note(A), Default(B), State(r#C) }";
        let expected = r#"stateDiagram-v2
    state "Note" as Note_
    state "Default" as Default_
    state "State" as State_
    [*] --> Note_
    Note_ --> Default_
    Note_ --> State_
    Default_ --> [*]
    State_ --> [*]
"#;
        assert_eq!(mermaid(&machine(code)), expected);
    }

    #[test]
    fn a_struct_is_one_state() {
        let expected = "stateDiagram-v2\n    [*] --> Hello\n    Hello --> [*]\n";
        assert_eq!(mermaid(&machine("struct r#Hello { greeted: bool }")), expected);
    }
}
