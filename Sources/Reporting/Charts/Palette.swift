/// The colours of lines.
enum Palette {
    /// Those that the page's style defines beside the baseline's, which is 0.
    private static let count = 8

    /// After the last the first of the others comes again.
    static func color(_ number: Int) -> Int { number > count ? 1 + (number - 1) % count : number }
}
