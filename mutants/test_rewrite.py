"""What the mutants of a piece of source become."""

import unittest

from .mutant import Mutant
from .rewrite import SWITCH, Rewriter


def rewritten(source: str, *changes: tuple[str, str, str]) -> str:
    """The source with mutants of a genre: the text that each replaces, marked by `«»`, and by what."""
    plain = source.replace("«", "").replace("»", "")
    mutants, at = [], 0
    for number, (genre, marked, replacement) in enumerate(changes, start=1):
        before, _, rest = marked.partition("«")
        text, _, after = rest.partition("»")
        at = plain.index(before + text + after) + len(before)
        mutants.append(
            Mutant(number, "", "", "", genre, replacement, at, at + len(text), False, "")
        )
    rewriter = Rewriter(plain, mutants)
    assert not rewriter.left_out, "a place was not found"
    return rewriter.result()[0].replace(SWITCH, "on")


class Operators(unittest.TestCase):
    """Operands reach as far as the operator binds."""

    def test_a_comparison_takes_sums_and_ends_at_a_conjunction(self) -> None:
        text = rewritten("if a + 1 < b && c { x }", ("BinaryOperator", "1 «<» b", "<="))
        self.assertEqual(
            text, "if (if on(1) { a + 1 <= b } else { a + 1 < b }) && c { x }"
        )

    def test_a_disjunction_takes_everything_but_the_keyword_before_it(self) -> None:
        text = rewritten("return !a || b.c()? == d;", ("BinaryOperator", "a «||» b", "&&"))
        self.assertEqual(
            text, "return (if on(1) { !a && b.c()? == d } else { !a || b.c()? == d });"
        )

    def test_calls_closures_and_generic_arguments_are_whole(self) -> None:
        text = rewritten(
            "x.map(|y| y - z.sum::<u64>() * 2)", ("BinaryOperator", "y «-» z", "+")
        )
        self.assertEqual(
            text,
            "x.map(|y| (if on(1) { y + z.sum::<u64>() * 2 } else { y - z.sum::<u64>() * 2 }))",
        )

    def test_equal_operators_are_taken_from_the_left(self) -> None:
        text = rewritten("let d = a - b - c;", ("BinaryOperator", "a «-» b", "+"))
        self.assertEqual(text, "let d = (if on(1) { a + b } else { a - b }) - c;")

    def test_an_assignment_is_a_statement(self) -> None:
        text = rewritten("if x { f() }\n*a.b += 1;", ("BinaryOperator", "b «+=» 1", "-="))
        self.assertEqual(text, "if x { f() }\n(if on(1) { *a.b -= 1 } else { *a.b += 1 });")

    def test_two_mutants_of_one_operator_are_one_choice(self) -> None:
        text = rewritten(
            "a < b", ("BinaryOperator", "a «<» b", "=="), ("BinaryOperator", "a «<» b", ">")
        )
        self.assertEqual(
            text, "(if on(1) { a == b } else if on(2) { a > b } else { a < b })"
        )

    def test_of_two_places_in_each_other_a_change_holds_the_text_as_it_was(self) -> None:
        text = rewritten(
            "!a && b", ("BinaryOperator", "a «&&» b", "||"), ("UnaryOperator", "«!»a", "")
        )
        self.assertEqual(
            text, "(if on(1) { !a || b } else { (if on(2) { a } else { !a }) && b })"
        )


class Others(unittest.TestCase):
    """What is not an operator."""

    def test_a_function_gives_something_else_at_once(self) -> None:
        text = rewritten("fn f() -> u8 { g() }", ("FnValue", "{ «g()» }", "1"))
        self.assertEqual(text, "fn f() -> u8 {  if on(1) { return 1; } g() }")

    def test_an_arm_is_left_out_by_a_guard(self) -> None:
        text = rewritten("match a { 1 | 2 => b, _ => c }", ("MatchArm", "«1 | 2 => b»", ""))
        self.assertEqual(text, "match a { 1 | 2 if !on(1) => b, _ => c }")

    def test_a_guard_stays_beside_another(self) -> None:
        text = rewritten(
            "match a { x if x > 1 => b, _ => c }",
            ("MatchArm", "«x if x > 1 => b»", ""),
            ("MatchArmGuard", "if «x > 1» =>", "true"),
        )
        self.assertEqual(
            text,
            "match a { x if !on(1) && ( (if on(2) { true } else { x > 1 })) => b, _ => c }",
        )

    def test_a_field_comes_from_the_base(self) -> None:
        text = rewritten(
            "a::B { c: d(1), ..Default::default() }", ("StructField", "«c: d(1)»", "")
        )
        self.assertEqual(
            text,
            "a::B { c: (if on(1) { (<a::B as Default>::default()).c } else { d(1) }),"
            " ..Default::default() }",
        )

    def test_a_field_in_short_is_written_out(self) -> None:
        text = rewritten("B { c, ..B::new() }", ("StructField", "«c,» ..", ""))
        self.assertEqual(text, "B { c: (if on(1) { (B::new()).c } else { c }), ..B::new() }")


if __name__ == "__main__":
    unittest.main()
