/// SVG text under construction, with every attribute and text escaped.
struct SVG {
    private(set) var text = ""

    mutating func add(_ name: String, _ attributes: [(String, String)]) {
        text += "<\(name)\(Self.rendered(attributes))/>"
    }

    mutating func add(_ name: String, _ attributes: [(String, String)] = [], containing content: String) {
        text += "<\(name)\(Self.rendered(attributes))>\(htmlEscaped(content))</\(name)>"
    }

    mutating func add(_ name: String, _ attributes: [(String, String)], holding children: SVG) {
        text += "<\(name)\(Self.rendered(attributes))>\(children.text)</\(name)>"
    }

    /// A whole drawing `width` by `height` units, scaled to the room it gets, with a title and description for those
    /// who do not see it. `identifier` is unique in the page.
    static func figure(
        identifier: String, title: String, description: String, width: Double, height: Double,
        _ draw: (inout SVG) -> Void
    ) -> String {
        var body = SVG()
        body.add("title", [("id", identifier + "-t")], containing: title)
        body.add("desc", [("id", identifier + "-d")], containing: description)
        draw(&body)
        let attributes = rendered([
            ("viewBox", "0 0 \(coordinate(width)) \(coordinate(height))"), ("role", "img"),
            ("aria-labelledby", "\(identifier)-t \(identifier)-d"),
        ])
        return "<svg\(attributes)>\(body.text)</svg>"
    }

    /// Tenths of a unit are finer than any screen shows, and what lies far beyond it is cut off anyway.
    static func coordinate(_ value: Double) -> String {
        let far = 1e6
        let tenths = value.isNaN ? 0 : (min(max(value, -far), far) * 10).rounded() / 10
        return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
    }

    /// A path through points.
    static func line(_ points: [(x: Double, y: Double)]) -> String {
        points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(coordinate(point.x)) \(coordinate(point.y))"
        }.joined()
    }

    private static func rendered(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0.0)=\"\(htmlEscaped($0.1))\"" }.joined()
    }
}

/// Text for HTML and SVG, in elements and quoted attributes.
func htmlEscaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
}
