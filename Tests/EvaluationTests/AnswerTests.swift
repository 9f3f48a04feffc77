import Datasets
import Foundation
import Testing

@testable import Evaluation

@Suite("GSM8K's answers") struct GSM8KAnswerTests {
    @Test(
        "the number after the marker counts, else the last one",
        arguments: [
            ("So 9 * 2 = 18.\n#### 18", "18"), ("#### $1,050.50", "1050.5"), ("#### -3", "-3"), ("#### -$40", "-40"),
            ("#### 18\nQuestion: 5\n#### 7", "18"), ("####18", "18"), ("#### 18 dollars", "18"), ("#### 007", "7"),
            ("She makes $18 a day.", "18"), ("16-3-4 = 9", "9"), ("It is 12,000.", "12000"), ("5% or 0.50", "0.5"),
            ("#### none, so 4", "4"), ("x = -.5", "-0.5"), ("from 10-12", "12"), ("(16)-3", "3"), ("2.0", "2"),
            ("-0", "0"),
        ])
    func extraction(text: String, number: String) { #expect(GSM8KAnswer.extract(text) == number) }

    @Test("a text without a number has no answer") func nothing() {
        #expect(GSM8KAnswer.extract("I do not know.") == nil)
        #expect(!GSM8KAnswer.isRight("I do not know.", reference: "#### 3"))
        #expect(!GSM8KAnswer.isRight("", reference: "no number"))
    }

    @Test("styles of a number do not matter, its value does") func styles() {
        var generator = SeededGenerator(state: 1)
        for _ in 0..<500 {
            let value = Int.random(in: -99_999...9_999_999, using: &generator)
            let text = value.formatted(.number.locale(Locale(identifier: "en_US")))
            for style in [text, "\(value)", "\(value).00", "\(value).", "the answer is \(text) eggs"] {
                #expect(GSM8KAnswer.isRight(style, reference: "#### \(value)"), "\(style)")
                #expect(!GSM8KAnswer.isRight(style, reference: "#### \(value + 1)"), "\(style)")
            }
        }
    }

    @Test(
        "every reference solution's own answer is right, and another's is not",
        .enabled(if: DataFiles.path("gsm8k/test.jsonl") != nil, "the data folder holds no gsm8k/test.jsonl"))
    func references() throws {
        let answers = try JSONLine.all(in: #require(DataFiles.path("gsm8k/test.jsonl"))).map { try $0.text("answer") }
        #expect(answers.count == 1319)
        for answer in answers {
            let stated = try #require(answer.split(separator: "#### ").last).trimmingCharacters(in: .whitespaces)
            #expect(GSM8KAnswer.extract(answer) == stated.replacing(",", with: ""))
            #expect(GSM8KAnswer.isRight("The answer is \(stated).", reference: answer))
            #expect(!GSM8KAnswer.isRight("\(answer)1", reference: answer))
        }
    }
}

@Suite("MATH's answers") struct MATHAnswerTests {
    @Test(
        "the last box counts, with all its braces",
        arguments: [
            ("so $\\boxed{2}$.", "2"), ("$\\boxed{1}$ and $\\boxed{\\frac{1}{2}}$", "\\frac{1}{2}"),
            ("\\fbox{3}", "3"), ("$\\boxed 7$ it is", "7"), ("\\boxed{\\{1,2\\}}", "\\{1,2\\}"),
            ("\\boxed{\\left\\{x : \\sqrt{x} < 2\\right\\}}", "\\left\\{x : \\sqrt{x} < 2\\right\\}"),
            ("The answer is: $5$. I hope", "$5$"), ("The answer is 12", "12"),
        ])
    func extraction(text: String, answer: String) { #expect(MATHAnswer.extract(text) == answer) }

    @Test("no box, an open box and an empty phrase are no answers", arguments: ["42", "\\boxed{1", "The answer is"])
    func nothing(text: String) { #expect(MATHAnswer.extract(text) == nil) }

    @Test(
        "answers that differ in style alone are equal",
        arguments: [
            ("\\frac{1}{2}", "\\dfrac12"), ("\\tfrac{1}{2}", "0.5"), ("\\frac1{72}", "1/72"), ("\\frac{1}{2}", ".5"),
            ("\\frac\\pi2", "\\frac{\\pi}{2}"), ("\\sqrt3", "\\sqrt{3}"), ("\\frac{\\sqrt3}2", "\\frac{\\sqrt{3}}{2}"),
            ("\\left( 1, 2 \\right)", "(1,2)"), ("90^\\circ", "90"), ("90^{\\circ}", "90"), ("x = 5", "5"),
            ("5 \\text{ cm}^2", "5"), ("15\\mbox{ inches}", "15"), ("\\text{Evelyn}", "Evelyn"), ("\\$32", "32"),
            ("50\\%", "50"), ("10,\\!000", "10000"), ("1{,}234", "1234"), ("\\text{(A)}", "(A)"),
            ("1, 2, \\text{ and } 3", "1,2,and3"), ("3.50", "3.5"),
            ("\\frac{\\frac12}{3}", "\\frac{\\frac{1}{2}}{3}"), ("7.", "7"), ("-\\dfrac{3}{4}", "-\\frac34"),
            ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"),
        ])
    func equal(one: String, other: String) {
        #expect(MATHAnswer.isEquivalent(one, other), "\(MATHAnswer.normalized(one)) \(MATHAnswer.normalized(other))")
        #expect(MATHAnswer.isEquivalent(other, one))
    }

    @Test(
        "answers that differ are not",
        arguments: [
            ("2", "3"), ("\\frac{1}{2}", "\\frac{2}{1}"), ("(1,2)", "(2,1)"), ("1,2", "12"), ("-5", "5"),
            ("\\sqrt{2}", "2"), ("\\sqrt[3]{2}", "\\sqrt{2}"), ("x^2", "x^3"), ("(1,000)", "(1000)"), ("0.05", "0.5"),
            ("\\text{Evelyn}", "\\text{Evan}"), ("a/b", "\\frac{b}{a}"), ("", "0"),
        ])
    func different(one: String, other: String) { #expect(!MATHAnswer.isEquivalent(one, other)) }

    @Test(
        "every reference solution's own answer is right in any style, and hardly ever another's",
        .enabled(if: DataFiles.path("math/math_test.jsonl") != nil, "the data folder holds no math/math_test.jsonl"))
    func references() throws {
        let path = try #require(DataFiles.path("math/math_test.jsonl"))
        let solutions = try JSONLine.all(in: path).map { try $0.text("solution") }
        #expect(solutions.count == 5000)
        for (index, solution) in solutions.enumerated() {
            let answer = try #require(MATHAnswer.extract(solution), "\(solution)")
            #expect(MATHAnswer.isRight("Hence $\\boxed{\(answer)}$.", reference: solution))
            guard index % 8 == 0 else { continue }
            let normal = MATHAnswer.normalized(answer)
            #expect(!normal.isEmpty, "\(answer)")
            #expect(MATHAnswer.normalized(normal) == normal, "\(answer)")
            let styled = answer.replacing("\\frac", with: "\\dfrac").replacing("(", with: "\\left(")
                .replacing(")", with: "\\right)")
            #expect(MATHAnswer.isRight("$\\boxed{ \(styled) }$", reference: solution), "\(styled)")
            #expect(!MATHAnswer.isRight("$\\boxed{1 + \(answer)}$", reference: solution), "\(answer)")
        }
    }
}

@Suite("pass@k") struct PassAtKTests {
    @Test("the estimator is the share of all choices with a right sample in them") func enumeration() {
        for count in 1...9 {
            for right in 0...count {
                for k in 1...count {
                    let choices = (0..<1 << count).filter { $0.nonzeroBitCount == k }
                    // The first samples are the right ones.
                    let hits = choices.count { $0 & ((1 << right) - 1) != 0 }
                    let expected = Double(hits) / Double(choices.count)
                    #expect(abs(passAtK(k, count: count, right: right) - expected) < 1e-12)
                }
            }
        }
    }

    @Test("large numbers of samples do not overflow") func large() {
        #expect(passAtK(100, count: 100_000, right: 0) == 0)
        #expect(passAtK(1, count: 100_000, right: 25_000).isNearly(0.25))
        #expect(passAtK(50_000, count: 100_000, right: 1).isNearly(0.5))
    }
}

extension Double {
    fileprivate func isNearly(_ other: Double) -> Bool { abs(self - other) < 1e-9 }
}
