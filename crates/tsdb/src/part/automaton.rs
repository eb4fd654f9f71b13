//! A regular expression as a deterministic automaton, so that it runs over all values of a label at once: values that
//! begin alike are read once, and where no continuation can match nothing is read any further.

use std::cell::Cell;

use fst::Automaton;
use plimsoll_types::Pattern;
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

/// Larger automata cost more to build than they save; such an expression is tried on each value instead.
const AUTOMATON_BYTES_MAX: usize = 1 << 20;
const BUILDING_BYTES_MAX: usize = 2 << 20;

/// Accepts the texts that a [`Pattern`] matches.
pub(crate) struct ValueAutomaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl ValueAutomaton {
    /// Builds it; `None` when it would be too large.
    pub(crate) fn new(pattern: &Pattern) -> Option<Self> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .dfa_size_limit(Some(AUTOMATON_BYTES_MAX))
                    .determinize_size_limit(Some(BUILDING_BYTES_MAX)),
            )
            .thompson(
                thompson::Config::new()
                    .which_captures(WhichCaptures::None)
                    .nfa_size_limit(Some(BUILDING_BYTES_MAX)),
            )
            .build(pattern.anchored())
            .ok()?;
        let start = dfa
            .start_state(&start::Config::new().anchored(Anchored::Yes))
            .ok()?;
        Some(Self { dfa, start })
    }

    pub(crate) fn byte_count(&self) -> usize {
        size_of::<Self>() + self.dfa.memory_usage()
    }

    /// Returns the texts that it accepts, for a search of so many steps at most.
    pub(super) fn search(&self, steps_max: u64) -> Search<'_> {
        Search {
            automaton: self,
            steps_left: Cell::new(match self.rules_out_much() {
                true => steps_max,
                false => 0,
            }),
        }
    }

    /// Says whether the first byte of a text decides much: not when the expression begins with `.*`.
    fn rules_out_much(&self) -> bool {
        let printable = b' '..=b'~';
        let goes_on = |byte: &u8| {
            let next = self.dfa.next_state(self.start, *byte);
            !self.dfa.is_dead_state(next)
        };
        printable.clone().filter(goes_on).count() < printable.len() / 2
    }
}

/// A language for `fst` to intersect with, as long as that is cheap: where most values begin in a way that may match, a
/// transducer is walked nearly whole, and to try the values one by one is several times as fast.
pub(super) struct Search<'a> {
    automaton: &'a ValueAutomaton,
    steps_left: Cell<u64>,
}

impl Search<'_> {
    /// Says whether the search ended before it had everything.
    pub(super) fn was_too_long(&self) -> bool {
        self.steps_left.get() == 0
    }
}

impl Automaton for Search<'_> {
    type State = StateID;

    fn start(&self) -> StateID {
        self.automaton.start
    }

    /// Says whether the text matches whose end was accepted as well: the automaton knows one step later.
    fn is_match(&self, state: &StateID) -> bool {
        self.automaton.dfa.is_match_state(*state)
    }

    fn accept_eof(&self, state: &StateID) -> Option<StateID> {
        Some(self.automaton.dfa.next_eoi_state(*state))
    }

    fn can_match(&self, state: &StateID) -> bool {
        !self.was_too_long() && !self.automaton.dfa.is_dead_state(*state)
    }

    fn accept(&self, state: &StateID, byte: u8) -> StateID {
        self.steps_left.set(self.steps_left.get().saturating_sub(1));
        self.automaton.dfa.next_state(*state, byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(accepted: &Search<'_>, text: &str) -> bool {
        let mut state = accepted.start();
        for byte in text.bytes() {
            if !accepted.can_match(&state) {
                return false;
            }
            state = accepted.accept(&state, byte);
        }
        let end = accepted.accept_eof(&state).unwrap();
        accepted.is_match(&end)
    }

    fn any_expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[ab]{1,3}",
            Just(".".to_owned()),
            Just(".*".to_owned()),
            Just("[^a]".to_owned()),
            Just("(?i)\u{fc}".to_owned()),
            Just("\\pL+".to_owned()),
            Just("\\b".to_owned()),
            Just("\\B".to_owned()),
            Just("$".to_owned()),
            Just("(?m)^a".to_owned()),
            Just("\\n".to_owned()),
            Just("\\w".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.join("|")),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.concat()),
                inner.prop_map(|inner| format!("({inner})*")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn accepts_what_the_expression_matches(
            expression in any_expression(),
            texts in prop::collection::vec("[abAB\n\u{fc}\u{dc} _-]{0,4}", 1..20),
        ) {
            let pattern = Pattern::new(&expression).unwrap();
            let Some(automaton) = ValueAutomaton::new(&pattern) else {
                return Ok(());
            };
            for text in &texts {
                let expected = pattern.is_match(text);
                let search = Search { automaton: &automaton, steps_left: Cell::new(u64::MAX) };
                prop_assert_eq!(accepts(&search, text), expected, "{} {:?}", &expression, text);
            }
        }
    }

    #[test]
    fn a_search_of_nearly_everything_is_given_up() {
        let is_tried = |text: &str| {
            let automaton = ValueAutomaton::new(&Pattern::new(text).unwrap()).unwrap();
            !automaton.search(10).was_too_long()
        };
        assert!(is_tried("api-.*"));
        assert!(is_tried("(api|web)-.*[0-9]"));
        assert!(is_tried("[a-z]+-0"));
        assert!(!is_tried(".*api"));
        assert!(!is_tried("[^a]+"));
    }

    #[test]
    fn large_expressions_are_declined() {
        let automaton = |text: &str| ValueAutomaton::new(&Pattern::new(text).unwrap());
        assert!(automaton("\\pL{100}.*\\pL{100}").is_none());
        assert!(automaton("(?i)api-.*-[0-9]+").unwrap().byte_count() < AUTOMATON_BYTES_MAX + 4096);
    }
}
