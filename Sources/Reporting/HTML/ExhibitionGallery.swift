import Foundation
import Training

/// The examples that a policy taught most and least, as pictures or texts in the page itself.
struct ExhibitionGallery {
    let title: String
    let exhibition: Exhibition

    /// - Returns: nil where all examples are taught alike, so that there is nothing to tell.
    init?(_ record: RunRecord) {
        guard let exhibition = record.exhibition, exhibition.isUneven else { return nil }
        title = "\(record.policy), seed \(record.seed)"
        self.exhibition = exhibition
    }

    var context: [String: Any] {
        [
            "title": title,
            "note": "An example was taught \(Format.short(exhibition.meanTimesTaught)) times on average.",
            "sides": [
                side("Taught most", exhibition.most), side("Taught least", exhibition.least),
            ],
        ]
    }

    private func side(_ title: String, _ examples: [Exhibition.Example]) -> [String: Any] {
        ["title": title, "examples": examples.map(item)]
    }

    private func item(_ example: Exhibition.Example) -> [String: Any] {
        let score = example.score.map { ", score \(Format.short(Double($0)))" } ?? ""
        let count = "\(Format.count(Double(example.timesTaught))) ×\(score)"
        guard let picture = example.picture else {
            return ["isText": true, "count": count, "text": example.caption, "number": "example \(example.number)"]
        }
        return [
            "isText": false, "count": count, "number": "example \(example.number)", "text": example.caption,
            "picture": "data:image/png;base64,\(picture.base64EncodedString())",
        ]
    }
}
